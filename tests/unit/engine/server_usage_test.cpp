#include "stoker/engine/server_usage.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "stoker/os/file.hpp"

namespace stoker::engine {
namespace {

class UsageLedgerTest : public ::testing::Test {
protected:
  void SetUp() override {
    const auto folder = os::make_private_folder(os::temporary_folder(), "stoker-usage-");
    ASSERT_TRUE(folder);
    m_folder = *folder;
  }
  void TearDown() override { ignore(os::remove_tree(m_folder), "a folder below /tmp"); }

  os::Process process(pid_t pid, pid_t parent, Bytes read_bytes, std::uint64_t faults = 0, std::uint64_t start = 7) {
    const std::string folder = fmt::format("{}/proc/{}", m_folder, pid);
    std::filesystem::create_directories(folder);
    std::ofstream(folder + "/io") << fmt::format("rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: {}\nwrite_bytes: 5\ncancelled_write_bytes: 0\n", read_bytes);
    os::Process made;
    made.pid = pid;
    made.parent = parent;
    made.major_faults = faults;
    made.start_ticks = start;
    return made;
  }
  void look(const std::vector<os::Process>& processes) { m_ledger.look(processes, os::Root(m_folder)); }

  std::string m_folder;
  UsageLedger m_ledger;
};

TEST_F(UsageLedgerTest, NothingSeenIsNotZero) {
  EXPECT_FALSE(m_ledger.storage_read_bytes());
  EXPECT_EQ(m_ledger.major_faults(), 0U);
}

TEST_F(UsageLedgerTest, SumsTheTree) {
  look({process(10, 1, 1000, 3), process(11, 10, 500, 4)});
  EXPECT_EQ(m_ledger.storage_read_bytes(), 1500U);
  EXPECT_EQ(m_ledger.major_faults(), 7U);
}

TEST_F(UsageLedgerTest, AChildThatItsParentWaitedForCountsOnce) {
  look({process(10, 1, 1000, 3), process(11, 10, 500, 4)});
  look({process(10, 1, 1600, 3)});  // its own 1100, and 500 inherited
  EXPECT_EQ(m_ledger.storage_read_bytes(), 1600U);
  EXPECT_EQ(m_ledger.major_faults(), 7U) << "faults are not inherited";
}

TEST_F(UsageLedgerTest, TwoChildrenAreInheritedFromOneGrowth) {
  look({process(10, 1, 0), process(11, 10, 500), process(12, 10, 600)});
  look({process(10, 1, 700)});  // inherited one of them, has not waited for the other
  EXPECT_EQ(m_ledger.storage_read_bytes(), 1300U) << "700, and the 600 that no growth is left for";
}

TEST_F(UsageLedgerTest, AChildOfAParentThatDoesNotWaitStays) {
  look({process(10, 1, 1000), process(11, 10, 500)});
  look({process(10, 1, 1000)});
  EXPECT_EQ(m_ledger.storage_read_bytes(), 1500U);
}

TEST_F(UsageLedgerTest, AllGoneKeepsTheLastFigures) {
  look({process(10, 1, 1000, 2)});
  look({});
  look({});
  EXPECT_EQ(m_ledger.storage_read_bytes(), 1000U);
  EXPECT_EQ(m_ledger.major_faults(), 2U);
}

TEST_F(UsageLedgerTest, APidThatCameBackIsAnotherProcess) {
  look({process(10, 1, 1000, 2, 7)});
  look({process(10, 1, 300, 1, 9)});
  EXPECT_EQ(m_ledger.storage_read_bytes(), 1300U);
  EXPECT_EQ(m_ledger.major_faults(), 3U);
}

}  // namespace
}  // namespace stoker::engine
