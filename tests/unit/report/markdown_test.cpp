#include "stoker/report/markdown.hpp"

#include <gtest/gtest.h>

namespace stoker::report {
namespace {

TEST(Markdown, ForeignTextCannotLeaveItsCell) {
  EXPECT_EQ(inline_text("a|b"), "a\\|b");
  EXPECT_EQ(inline_text("`rm`"), "\\`rm\\`");
  EXPECT_EQ(inline_text("a\nb"), "a\\\\x0ab");
  EXPECT_EQ(inline_text("<b>&amp;[x](y)*z*~s~$m$#1"), "\\<b\\>\\&amp;\\[x\\](y)\\*z\\*\\~s\\~\\$m\\$\\#1");
  EXPECT_EQ(inline_text("\xff"), "\\\\xff");
}

TEST(Markdown, SnakeCaseStaysReadable) {
  EXPECT_EQ(inline_text("prewarm_cold"), "prewarm_cold");
  EXPECT_EQ(inline_text("_emphasis_"), "\\_emphasis\\_");
}

TEST(Markdown, FenceIsLongerThanWhatItHolds) {
  EXPECT_EQ(fenced({"plain"}, "sh"), "```sh\nplain\n```\n");
  EXPECT_EQ(fenced({"a ``` b", "````"}), "`````text\na ``` b\n````\n`````\n");
  EXPECT_EQ(fenced({"one\n```\ntwo"}), "````text\none\\x0a```\\x0atwo\n````\n");
}

TEST(Markdown, ColumnsLineUpByCodePoints) {
  EXPECT_EQ(markdown({{"a", "long"}, {{"0 → 1", "x"}}}), "| a     | long |\n| ----- | ---- |\n| 0 → 1 | x    |\n");
  EXPECT_EQ(markdown({{"a"}, {}}), "");
}

TEST(Markdown, MissingCellsAreEmptyAndSpareOnesDropped) {
  EXPECT_EQ(markdown({{"a", "b"}, {{"1"}, {"1", "2", "3"}}}), "| a   | b   |\n| --- | --- |\n| 1   |     |\n| 1   | 2   |\n");
}

TEST(Markdown, OneLongCellDoesNotStretchTheOthers) {
  const std::string text = markdown({{"a"}, {{std::string(500, 'x')}, {"y"}}});
  EXPECT_LT(text.substr(text.rfind("| y")).size(), 70U);
}

TEST(Markdown, PlainTableHasNoTrailingBlanks) {
  EXPECT_EQ(plain({{"mode", "s"}, {{"cold", "1.0 s"}, {"x", "-"}}}), "mode  s\ncold  1.0 s\nx     -");
}

}  // namespace
}  // namespace stoker::report
