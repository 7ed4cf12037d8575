#include "stoker/pagecache/holders.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <fstream>

#include "stoker/os/file.hpp"
#include "unit/pagecache/scratch.hpp"

namespace stoker::pagecache {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<pid_t> pids(const std::vector<Holder>& holders) {
  std::vector<pid_t> list;
  for (const auto& holder : holders) list.push_back(holder.pid);
  return list;
}

TEST(Holders, NamesTheProcessThatMapsAFile) {
  const test::Scratch scratch;
  const auto path = scratch.cold("weights", k_mib);
  const auto other = scratch.cold("other", k_mib);
  const test::Mapper mapper(path);
  ASSERT_TRUE(mapper.ready());
  const auto holders = holders_of({other, path, scratch.path("absent")});
  ASSERT_THAT(holders, SizeIs(1));
  EXPECT_EQ(holders[0].pid, mapper.pid());
  EXPECT_EQ(holders[0].path, path);
  EXPECT_FALSE(holders[0].name.empty());
  EXPECT_FALSE(holders[0].command.empty());
  EXPECT_THAT(holders_of({path}, {mapper.pid()}), IsEmpty());
}

TEST(Holders, HardLinksAndSymlinksAreTheSameFile) {
  const test::Scratch scratch;
  const auto path = scratch.cold("blob", k_mib);
  ASSERT_EQ(::link(path.c_str(), scratch.path("hard").c_str()), 0);
  ASSERT_EQ(::symlink("blob", scratch.path("soft").c_str()), 0);
  const test::Mapper mapper(path);
  ASSERT_TRUE(mapper.ready());
  std::vector<std::string> seen;
  for (const auto& holder : holders_of({scratch.path("hard"), scratch.path("soft"), path})) seen.push_back(holder.path);
  EXPECT_THAT(seen, testing::UnorderedElementsAre(scratch.path("hard"), scratch.path("soft"), path));
}

// A process table of one's own making, with maps as other filesystems write them.
class Table {
public:
  explicit Table(const test::Scratch& scratch) : m_prefix(scratch.path("root")) {}
  void add(pid_t pid, const os::FileId& id, const std::string& path) const {
    const auto folder = fmt::format("{}/proc/{}", m_prefix, pid);
    test::must(os::make_folders(folder));
    std::ofstream(folder + "/stat") << pid << " (server) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
    std::ofstream(folder + "/comm") << "server\n";
    std::ofstream(folder + "/cmdline") << "server" << '\0' << "--port" << '\0' << "1" << '\0';
    std::ofstream(folder + "/maps") << fmt::format("7f0000000000-7f0000100000 r--s 00000000 {:02x}:{:02x} {}                 {}\n", gnu_dev_major(id.device),
                                                   gnu_dev_minor(id.device), id.inode, path);
  }
  [[nodiscard]] os::Root root() const { return os::Root(m_prefix); }
  [[nodiscard]] std::string root_of(pid_t pid) const { return fmt::format("{}/proc/{}/root", m_prefix, pid); }

private:
  std::string m_prefix;
};

TEST(Holders, FixtureTable) {
  const test::Scratch scratch;
  const auto path = scratch.cold("weights", test::page());
  const auto id = os::look_at(path)->id;
  const os::FileId elsewhere{makedev(0, 77), id.inode};
  const os::FileId stranger{makedev(0, 77), id.inode + 1};
  const Table table(scratch);
  table.add(101, id, "/anything (deleted)");  // device and inode agree
  table.add(102, elsewhere, path);            // overlay, btrfs: only the name agrees with stat
  table.add(103, elsewhere, "/models/w");     // same inode number on another filesystem: chance
  table.add(104, stranger, "/other");
  EXPECT_THAT(pids(holders_of({path}, {}, table.root())), ElementsAre(101, 102));
}

TEST(Holders, AProcessOfAContainerIsAskedThroughItsOwnRoot) {
  const test::Scratch scratch;
  const auto path = scratch.cold("weights", test::page());
  const auto decoy = scratch.cold("decoy", test::page());
  const auto id = os::look_at(path)->id;
  const Table table(scratch);
  table.add(201, {makedev(0, 77), id.inode}, "/models/w");
  test::must(os::make_folders(table.root_of(201) + "/models"));
  ASSERT_EQ(::link(path.c_str(), (table.root_of(201) + "/models/w").c_str()), 0);
  // The same name, but in that process's root it is another file.
  table.add(202, {makedev(0, 77), id.inode + 1}, path);
  test::must(os::make_folders(table.root_of(202) + scratch.folder()));
  ASSERT_EQ(::link(decoy.c_str(), (table.root_of(202) + path).c_str()), 0);
  EXPECT_THAT(pids(holders_of({path}, {}, table.root())), ElementsAre(201));
}

}  // namespace
}  // namespace stoker::pagecache
