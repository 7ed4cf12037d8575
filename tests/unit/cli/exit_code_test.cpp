#include "stoker/cli/exit_code.hpp"

#include <gtest/gtest.h>

namespace stoker::cli {
namespace {

// The table of docs/cli.md: relied on from outside.
TEST(ExitCode, OfEachKind) {
  EXPECT_EQ(exit_code(ErrorKind::usage), 2);
  EXPECT_EQ(exit_code(ErrorKind::exists), 2);
  EXPECT_EQ(exit_code(ErrorKind::invalid), 4);
  EXPECT_EQ(exit_code(ErrorKind::corrupt), 4);
  EXPECT_EQ(exit_code(ErrorKind::not_found), 5);
  EXPECT_EQ(exit_code(ErrorKind::busy), 6);
  EXPECT_EQ(exit_code(ErrorKind::no_space), 7);
  EXPECT_EQ(exit_code(ErrorKind::unavailable), 8);
  EXPECT_EQ(exit_code(ErrorKind::timeout), 8);
  EXPECT_EQ(exit_code(ErrorKind::ended), 9);
  EXPECT_EQ(exit_code(ErrorKind::cancelled), 130);
  EXPECT_EQ(exit_code(ErrorKind::io), 1);
  EXPECT_EQ(exit_code(ErrorKind::denied), 1);
  EXPECT_EQ(exit_code(ErrorKind::unsupported), 1);
  EXPECT_EQ(exit_code(ErrorKind::internal), 1);
}

}  // namespace
}  // namespace stoker::cli
