#include "stoker/bench/guard.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <sys/wait.h>

#include <array>

#include "unit/bench/scratch.hpp"

namespace stoker::bench {
namespace {

// A process that maps a file, touches it, says so, and waits to be killed.
class MappingProcess {
public:
  explicit MappingProcess(const std::string& path) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    m_pid = ::fork();
    if (m_pid == 0) {
      const int fd = ::open(path.c_str(), O_RDONLY);
      const auto* bytes = static_cast<const char*>(::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd, 0));
      const char touched = bytes[0];
      if (::write(ends[1], &touched, 1) != 1) ::_exit(1);
      while (true) ::pause();
    }
    char touched = 0;
    EXPECT_EQ(::read(ends[0], &touched, 1), 1);
    ::close(ends[0]);
    ::close(ends[1]);
  }
  MappingProcess(const MappingProcess&) = delete;
  MappingProcess& operator=(const MappingProcess&) = delete;
  ~MappingProcess() {
    ::kill(m_pid, SIGKILL);
    ::waitpid(m_pid, nullptr, 0);
  }
  [[nodiscard]] pid_t pid() const { return m_pid; }

private:
  pid_t m_pid = -1;
};

TEST(Guard, AFreeNodeIsFree) {
  const test::Scratch scratch;
  EXPECT_TRUE(node_is_free({scratch.file("w", 8192)}, std::nullopt));
}

TEST(Guard, AProcessThatMapsAWeightFileIsNamed) {
  const test::Scratch scratch;
  const auto path = scratch.file("w", 8192);
  const MappingProcess holder(path);
  const auto status = node_is_free({path}, std::nullopt);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind(), ErrorKind::busy);
  EXPECT_NE(status.error().message().find("pid " + std::to_string(holder.pid())), std::string::npos) << status.error().message();
  EXPECT_NE(status.error().message().find("--shared-node"), std::string::npos);
}

}  // namespace
}  // namespace stoker::bench
