#include "stoker/base/error.hpp"

#include <gtest/gtest.h>

#include <cerrno>

#include "stoker/base/result.hpp"

namespace stoker {
namespace {

Status refuse() { return fail(Error::from_errno(ENOENT, "open /a")); }

Result<int> pass_on() {
  TRY(refuse());
  return 1;
}

TEST(Error, TakesItsKindFromErrno) {
  EXPECT_EQ(Error::from_errno(ENOENT, "x").kind(), ErrorKind::not_found);
  EXPECT_EQ(Error::from_errno(ENOSPC, "x").kind(), ErrorKind::no_space);
  EXPECT_EQ(Error::from_errno(EROFS, "x").kind(), ErrorKind::denied);
  EXPECT_EQ(Error::from_errno(EADDRINUSE, "x").kind(), ErrorKind::busy);
  EXPECT_EQ(Error::from_errno(EIO, "x").kind(), ErrorKind::io);
}

TEST(Error, KeepsErrnoAndPutsContextInFront) {
  const Error error = Error::from_errno(EACCES, "open /a").context("model x");
  EXPECT_EQ(error.message(), "model x: open /a: Permission denied");
  EXPECT_EQ(error.os_errno(), EACCES);
}

TEST(Result, TryReturnsTheErrorOfWhatItTried) {
  const auto result = pass_on();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind(), ErrorKind::not_found);
}

}  // namespace
}  // namespace stoker
