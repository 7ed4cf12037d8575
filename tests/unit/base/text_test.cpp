#include "stoker/base/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace stoker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Split, KeepsEmptyFields) {
  EXPECT_THAT(split("a,,b,", ','), ElementsAre("a", "", "b", ""));
  EXPECT_THAT(split("", ','), ElementsAre(""));
}

TEST(SplitBlank, DropsRunsOfBlanks) {
  EXPECT_THAT(split_blank("  a\t b \n"), ElementsAre("a", "b"));
  EXPECT_THAT(split_blank(" \t"), IsEmpty());
}

TEST(Join, UndoesSplitEvenWithEmptyFields) {
  for (const std::string text : {"", ",", "a", ",a", "a,", ",,", "a,,b"}) {
    const auto views = split(text, ',');
    EXPECT_EQ(join({views.begin(), views.end()}, ","), text);
  }
  EXPECT_EQ(join({}, ","), "");
}

TEST(ParseNumber, TakesTheWholeTextOrNothing) {
  std::uint64_t number = 0;
  EXPECT_TRUE(parse_number("18446744073709551615", number));
  EXPECT_EQ(number, UINT64_MAX);
  for (const char* text : {"", "-1", "+1", " 1", "1 ", "1x", "18446744073709551616"}) EXPECT_FALSE(parse_number(text, number)) << text;
}

TEST(Printable, MakesControlAndBrokenTextVisible) {
  EXPECT_EQ(printable("a\n\x1b[31m"), "a\\x0a\\x1b[31m");
  EXPECT_EQ(printable("caf\xc3\xa9"), "caf\xc3\xa9");
  EXPECT_EQ(printable("\xff\xc0\x80"), "\\xff\\xc0\\x80");
  EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b") << "a C1 control, which some terminals obey";
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
  EXPECT_EQ(printable("\xe2\x82"), "\\xe2\\x82") << "cut in the middle";
  EXPECT_EQ(printable("abcdef", 3), "abc…");
}

TEST(Printable, NeverLetsAControlCharacterThrough) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 2000; ++i) {
    std::string foreign(random() % 12, '\0');
    for (char& c : foreign) c = static_cast<char>(random());
    for (const char c : printable(foreign)) EXPECT_FALSE((c >= 0 && c < 0x20) || c == 0x7f);
  }
}

TEST(ShellQuote, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(shell_quote("--port={port}"), "--port={port}");
  EXPECT_EQ(shell_quote(""), "''");
  EXPECT_EQ(shell_quote("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_quote(std::vector<std::string>{"a b", "$x"}), "'a b' '$x'");
}

TEST(Nearest, FindsTheWordThatWasMeant) {
  EXPECT_EQ(nearest("inspct", {"inspect", "evict"}), "inspect");
  EXPECT_EQ(nearest("zzzzzz", {"inspect", "evict"}), "");
  EXPECT_EQ(nearest("", {"a"}), "");
}

}  // namespace
}  // namespace stoker
