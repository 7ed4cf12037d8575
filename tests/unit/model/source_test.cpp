#include "stoker/model/source.hpp"

#include <gtest/gtest.h>

#include "unit/model/scratch.hpp"

namespace stoker::model {
namespace {

TEST(Cursor, ReadsLittleEndianNumbersAcrossItsWindow) {
  std::string bytes(70'000, '\0');
  bytes.replace(65'533, 8, little(0x1122334455667788, 8));
  const Source source = source_of(bytes);
  Cursor cursor(source, 65'530, bytes.size());
  cursor.skip(3);
  EXPECT_EQ(cursor.u64(), 0x1122334455667788U);
  EXPECT_TRUE(cursor.ok());
}

TEST(Cursor, TheFirstFailureSticks) {
  const std::string bytes = "abc";
  const Source source = source_of(bytes);
  Cursor cursor(source, 0, 3);
  EXPECT_EQ(cursor.u32(), 0U);
  EXPECT_EQ(cursor.u8(), 0U);
  ASSERT_FALSE(cursor.ok());
  EXPECT_EQ(cursor.status().error().kind(), ErrorKind::invalid);
  EXPECT_EQ(cursor.status().error().message(), "m: ends at byte 3, 4 more were wanted at byte 0");
  cursor.refuse("later");
  EXPECT_EQ(cursor.status().error().message(), "m: ends at byte 3, 4 more were wanted at byte 0");
}

TEST(Cursor, ALengthNearTheLargestNumberIsRefused) {
  const std::string bytes(16, 'a');
  const Source source = source_of(bytes);
  Cursor cursor(source, 8, 16);
  cursor.skip(~0ULL - 4);
  EXPECT_FALSE(cursor.ok());
}

TEST(Cursor, TextsKeepTheirBeginningAndLinesEndAtNewline) {
  const std::string bytes = "abcdefgh\nrest";
  const Source source = source_of(bytes);
  Cursor cursor(source, 0, bytes.size());
  EXPECT_EQ(cursor.text(4, 2), "ab");
  EXPECT_EQ(cursor.line(100), "efgh");
  EXPECT_EQ(cursor.position(), 9U);
}

TEST(Source, AFolderIsNoSource) {
  const Scratch scratch;
  const auto source = open_source(scratch.path());
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().kind(), ErrorKind::invalid);
}

}  // namespace
}  // namespace stoker::model
