#include "stoker/os/fd.hpp"

#include <fcntl.h>

#include <array>

#include "unit/os/scratch.hpp"

namespace stoker::os {
namespace {

TEST(FdOwner, ClosesOnceAndOnExec) {
  const Scratch scratch;
  Fd fd = open_file(scratch.write("a", "x"), O_RDONLY).value();
  const int raw = fd.get();
  EXPECT_NE(::fcntl(raw, F_GETFD) & FD_CLOEXEC, 0);
  Fd moved = std::move(fd);
  EXPECT_EQ(moved.get(), raw);
  EXPECT_TRUE(moved.close());
  EXPECT_FALSE(moved.valid());
  EXPECT_EQ(::fcntl(raw, F_GETFD), -1);
}

TEST(OpenFile, NamesThePath) {
  const auto fd = open_file("/nowhere/at/all", O_RDONLY);
  ASSERT_FALSE(fd);
  EXPECT_EQ(fd.error().kind(), ErrorKind::not_found);
  EXPECT_NE(fd.error().message().find("/nowhere/at/all"), std::string::npos);
}

TEST(ReadExactly, AShortFileIsInvalid) {
  const Scratch scratch;
  const std::string path = scratch.write("a", "12345");
  const Fd fd = open_file(path, O_RDWR).value();
  std::array<std::byte, 4> data{};
  EXPECT_TRUE(read_exactly(fd, data, 1, path));
  EXPECT_EQ(read_exactly(fd, data, 2, path).error().kind(), ErrorKind::invalid);
  EXPECT_TRUE(read_exactly(fd, data, 1, path));
  EXPECT_TRUE(write_fully(fd, data, 5, path));
  EXPECT_EQ(read_text(path).value(), "123452345");
}

}  // namespace
}  // namespace stoker::os
