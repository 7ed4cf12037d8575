#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/record/benches.hpp"
#include "unit/report/views.hpp"

namespace stoker::report {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string answer(const record::StartBench& bench) { return told(start_answer, bench); }

TEST(StartAnswer, DistinctIsStatedWithItsInterval) {
  EXPECT_EQ(answer(record::benches::distinct()),
            "Cold 33.8 s, warm 26.2 s (medians of 5): 7.62 s more cold on average over 5 pairs, 95 % interval 6.68 s to 8.56 s; a factor of 1.29.");
}

TEST(StartAnswer, NoiseStatesNoDifference) {
  const std::string text = answer(record::benches::noisy());
  EXPECT_THAT(text, HasSubstr("No difference can be stated"));
  EXPECT_THAT(text, HasSubstr("includes zero"));
  EXPECT_THAT(text, Not(HasSubstr("factor")));
}

TEST(StartAnswer, OnePairHasNoInterval) {
  EXPECT_THAT(answer(record::benches::one_each()), HasSubstr("one pair, so no interval"));
}

TEST(StartAnswer, FasterColdIsCalledStrange) {
  EXPECT_THAT(answer(record::benches::vllm_with({20, 20.1, 19.9}, {30, 30.1, 29.9})), HasSubstr("something other than the page cache"));
}

TEST(StartAnswer, NoneValidGivesTheFirstReason) {
  EXPECT_THAT(answer(record::benches::all_invalid()), HasSubstr("none of 2 starts counts. The first because: 2.81 GiB"));
}

TEST(StartAnswer, OneModeIsSaidAlone) {
  EXPECT_EQ(answer(record::benches::vllm_with({}, {26.2, 25.7, 26.9})), "A warm start takes 26.2 s, median of 3, between 25.7 s and 26.9 s.");
  EXPECT_EQ(answer(record::benches::vllm_with({33.8}, {})), "A cold start took 33.8 s, measured once.");
}

TEST(StartAnswer, LeftOutStartsAreCounted) {
  auto bench = record::benches::distinct();
  bench.starts[0].valid = false;
  EXPECT_THAT(answer(bench), HasSubstr(" 1 of 10 starts is invalid and left out (1 cold)."));
}

TEST(StartAnswer, NoCommonRoundIsSaid) {
  auto bench = record::benches::vllm_with({10, 11}, {5, 6});
  bench.starts[0].valid = false;
  bench.starts[3].valid = false;
  EXPECT_THAT(answer(bench), HasSubstr("in no round do both count"));
}

TEST(StartAnswer, EarlyEndIsSaid) {
  auto bench = record::benches::distinct();
  bench.interrupted = "interrupted by SIGINT";
  EXPECT_THAT(answer(bench), HasSubstr("ended early: interrupted by SIGINT."));
}

}  // namespace
}  // namespace stoker::report
