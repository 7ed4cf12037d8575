#include "stoker/record/statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace stoker::record {
namespace {

TEST(Statistics, SpreadOfNothingIsNothing) { EXPECT_FALSE(spread({}).has_value()); }

TEST(Statistics, SpreadOfOneValueHasNoDeviation) {
  const auto one = spread({4.5});
  ASSERT_TRUE(one.has_value());
  EXPECT_EQ(one->count, 1U);
  EXPECT_EQ(one->median, 4.5);
  EXPECT_EQ(one->minimum, 4.5);
  EXPECT_EQ(one->maximum, 4.5);
  EXPECT_EQ(one->deviation, 0);
}

// Expected: Python 3.11, statistics.median, mean and stdev of the same numbers.
TEST(Statistics, SpreadAgreesWithPython) {
  const auto odd = spread({33.8, 34.2, 33.1, 34.9, 33.5});
  EXPECT_DOUBLE_EQ(odd->median, 33.8);
  EXPECT_DOUBLE_EQ(odd->minimum, 33.1);
  EXPECT_DOUBLE_EQ(odd->maximum, 34.9);
  EXPECT_NEAR(odd->mean, 33.9, 1e-9);
  EXPECT_NEAR(odd->deviation, 0.689202437604511, 1e-12);
  EXPECT_DOUBLE_EQ(spread({4, 1, 3, 2})->median, 2.5);
}

// Expected: mean and stdev of the differences by Python, t(4) = 2.776 from a printed table.
TEST(Statistics, DifferenceIsPairedWithStudentsInterval) {
  const auto found = difference({33.8, 34.2, 33.1, 34.9, 33.5}, {26.2, 26.9, 25.7, 26.0, 26.6});
  EXPECT_EQ(found.pairs, 5U);
  EXPECT_NEAR(found.mean, 7.62, 1e-9);
  EXPECT_NEAR(*found.low, 6.676976824, 1e-6);
  EXPECT_NEAR(*found.high, 8.563023176, 1e-6);
  EXPECT_TRUE(found.distinct());
}

TEST(Statistics, ShiftCommonToBothOfAPairIsNoNoise) {
  const auto found = difference({10, 110, 60, 35}, {5.1, 104.9, 55, 30});
  EXPECT_TRUE(found.distinct());
  EXPECT_NEAR(found.mean, 5, 1e-9);
}

TEST(Statistics, OnePairHasNoIntervalAndIsNeverDistinct) {
  const auto found = difference({100}, {1});
  EXPECT_EQ(found.pairs, 1U);
  EXPECT_DOUBLE_EQ(found.mean, 99);
  EXPECT_FALSE(found.low.has_value());
  EXPECT_FALSE(found.distinct());
  EXPECT_EQ(difference({}, {1}).pairs, 0U);
  EXPECT_FALSE(difference({}, {}).distinct());
}

TEST(Statistics, WhatHasNoPartnerIsLeftOut) { EXPECT_EQ(difference({3, 4, 5}, {1, 1}).pairs, 2U); }

TEST(Statistics, FasterIsDistinctToo) { EXPECT_TRUE(difference({1, 1.1, 0.9}, {5, 5, 5}).distinct()); }

TEST(Statistics, IntervalThatTouchesZeroIsNotDistinct) {
  EXPECT_FALSE(difference({1, 1}, {1, 1}).distinct());
  Difference touching{2, 1.0, 0.0, 2.0};
  EXPECT_FALSE(touching.distinct());
}

// Expected: NIST/SEMATECH e-Handbook of Statistical Methods, table 1.3.6.7.2, column 0.975.
TEST(Statistics, StudentsTFollowsTheTable) {
  EXPECT_DOUBLE_EQ(student_t95(1), 12.706);
  EXPECT_DOUBLE_EQ(student_t95(2), 4.303);
  EXPECT_DOUBLE_EQ(student_t95(10), 2.228);
  EXPECT_DOUBLE_EQ(student_t95(29), 2.045);
  EXPECT_DOUBLE_EQ(student_t95(30), 2.042);
  EXPECT_NEAR(student_t95(31), 2.040, 6e-4);
  EXPECT_NEAR(student_t95(40), 2.021, 6e-4);
  EXPECT_NEAR(student_t95(60), 2.000, 6e-4);
  EXPECT_NEAR(student_t95(100), 1.984, 6e-4);
  EXPECT_NEAR(student_t95(1'000'000), 1.960, 6e-4);
  EXPECT_TRUE(std::isinf(student_t95(0)));
  for (std::size_t degrees = 1; degrees < 200; ++degrees) EXPECT_GT(student_t95(degrees), student_t95(degrees + 1)) << degrees;
}

struct Series {
  std::vector<double> cold, warm;
};

Series series(std::mt19937_64& random, double difference_s, double noise_s) {
  std::normal_distribution<double> noise(0, noise_s);
  Series made;
  for (int round = 0; round < 5; ++round) {
    made.cold.push_back(30 + difference_s + noise(random));
    made.warm.push_back(30 + noise(random));
  }
  return made;
}

int distinct_of(std::mt19937_64& random, double difference_s, double noise_s) {
  int distinct = 0;
  for (int trial = 0; trial < 1000; ++trial) {
    const Series made = series(random, difference_s, noise_s);
    distinct += difference(made.cold, made.warm).distinct() ? 1 : 0;
  }
  return distinct;
}

// The promise itself: where there is no difference one is stated in 5 of 100 benches, whatever the noise; where there
// is one, noise decides whether it shows. Bounds are 5 standard deviations of 1 000 trials wide.
TEST(Statistics, NoiseFlipsWhetherADifferenceIsStated) {
  const std::uint64_t seed = 20261120;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  EXPECT_NEAR(distinct_of(random, 0, 0.5), 50, 35);
  EXPECT_NEAR(distinct_of(random, 0, 10), 50, 35);
  EXPECT_GT(distinct_of(random, 7.7, 0.5), 990);
  EXPECT_LT(distinct_of(random, 7.7, 10), 400);
}

}  // namespace
}  // namespace stoker::record
