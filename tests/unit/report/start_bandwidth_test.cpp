#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/record/benches.hpp"
#include "unit/report/views.hpp"

namespace stoker::report {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string with_ceiling(double bytes_per_s) {
  auto bench = record::benches::distinct();  // 2.00 GB/s implied
  bench.host.device_ceiling_bytes_per_s = bytes_per_s;
  return told(bandwidth_section, bench);
}

TEST(StartBandwidth, MeaningFollowsTheShareOfTheCeiling) {
  EXPECT_THAT(with_ceiling(1.0e9), HasSubstr("More than the device gives"));
  EXPECT_THAT(with_ceiling(2.2e9), HasSubstr("The device is the limit"));
  EXPECT_THAT(with_ceiling(3.5e9), HasSubstr("would take 4.35 s instead of 7.62 s. More reads in flight could give back up to 3.27 s."));
  EXPECT_THAT(with_ceiling(20e9), HasSubstr("118204 major faults, readahead is 128 KiB"));
}

TEST(StartBandwidth, RateComesWithItsInterval) { EXPECT_THAT(with_ceiling(3.5e9), HasSubstr("2.00 GB/s implied, 1.78 GB/s to 2.28 GB/s")); }

TEST(StartBandwidth, NoCeilingNoShare) {
  auto bench = record::benches::distinct();
  bench.host.device_ceiling_bytes_per_s.reset();
  EXPECT_THAT(told(bandwidth_section, bench), HasSubstr("ceiling was not measured"));
}

TEST(StartBandwidth, NoiseImpliesNoRate) {
  const std::string text = told(bandwidth_section, record::benches::noisy());
  EXPECT_THAT(text, HasSubstr("No rate is implied"));
  EXPECT_THAT(text, Not(HasSubstr("GB/s")));
}

TEST(StartBandwidth, LoaderThatGoesPastThePageCacheIsNamed) {
  auto bench = record::benches::noisy();
  for (auto& start : bench.starts) start.device_weight_bytes = bench.weight_bytes;
  EXPECT_THAT(told(bandwidth_section, bench), HasSubstr("past the page cache"));
}

TEST(StartBandwidth, WarmingFirstIsJudgedWithItsOwnSeconds) {
  auto bench = record::benches::vllm_with({33.8, 34.2, 33.1}, {});
  for (int i = 0; i < 3; ++i) {
    bench.starts.push_back(record::benches::vllm_start("p", record::Mode::prewarm_cold, 26.2));
    bench.starts.back().warm_s = 4.4;
  }
  EXPECT_THAT(told(prewarm_section, bench), HasSubstr("30.6 s in all (medians of 3). Warming first pays 3.10 s"));
  for (auto& start : bench.starts)
    if (start.warm_s) start.warm_s = 14.4;
  EXPECT_THAT(told(prewarm_section, bench), HasSubstr("costs 6.90 s"));
  EXPECT_EQ(told(prewarm_section, record::benches::distinct()), "");
}

}  // namespace
}  // namespace stoker::report
