#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "stoker/report/start_markdown.hpp"
#include "unit/record/benches.hpp"

namespace stoker::report {
namespace {

TEST(StartTable, ColumnsAndAnswer) {
  EXPECT_EQ(start_table(record::benches::distinct()),
            "mode  valid   median  min - max        first token  from device  residency\n"
            "cold  5 of 5  33.8 s  33.1 s - 34.9 s  34.0 s       14.2 GiB     0 % -> 100 %\n"
            "warm  5 of 5  26.2 s  25.7 s - 26.9 s  26.4 s       42.0 MiB     100 % -> 100 %\n"
            "\n"
            "Cold 33.8 s, warm 26.2 s (medians of 5): 7.62 s more cold on average over 5 pairs, 95 % interval 6.68 s to 8.56 s; "
            "a factor of 1.29.");
}

TEST(StartTable, InvalidModesHaveDashes) {
  EXPECT_THAT(start_table(record::benches::all_invalid()), testing::HasSubstr("cold  0 of 1  -       -"));
}

TEST(StartTable, ForeignTextIsPrintable) {
  const std::string text = start_table(record::benches::hostile());
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace stoker::report
