#include "stoker/os/clock.hpp"

#include <gmock/gmock.h>

#include <thread>

namespace stoker::os {
namespace {

using ::testing::MatchesRegex;

TEST(WaitFor, RunsItsTime) { EXPECT_TRUE(wait_for(Seconds(0.001), {})); }

TEST(WaitFor, AStopEndsItAtOnce) {
  std::stop_source source;
  std::jthread stopper([&] { source.request_stop(); });
  EXPECT_FALSE(wait_for(Seconds(1e300), source.get_token())) << "and no time is too long to be told";
}

TEST(UtcStamp, IsIso8601) {
  EXPECT_THAT(utc_stamp(), MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"));
  EXPECT_THAT(utc_stamp_compact(), MatchesRegex("[0-9]{8}T[0-9]{6}Z"));
}

}  // namespace
}  // namespace stoker::os
