#include "stoker/bench/facts.hpp"

#include <gtest/gtest.h>

#include "unit/bench/scratch.hpp"

namespace stoker::bench {
namespace {

TEST(Facts, OfThisMachineAreThere) {
  const test::Scratch scratch;
  const auto facts = host_facts(scratch.file("w", 1), std::nullopt);
  EXPECT_FALSE(facts.kernel.empty());
  EXPECT_GT(facts.cores, 0U);
  EXPECT_GT(facts.memory_total, 0U);
  EXPECT_FALSE(facts.filesystem.empty());
  EXPECT_TRUE(facts.gpus.empty());
}

TEST(Facts, WithoutProcAndSysNothingIsMadeUp) {
  const test::Scratch scratch;
  const auto facts = host_facts(scratch.file("w", 1), std::nullopt, os::Root("/nonexistent"));
  EXPECT_TRUE(facts.filesystem.empty());
  EXPECT_TRUE(facts.device.empty());
  EXPECT_FALSE(facts.read_ahead_kib);
  EXPECT_EQ(facts.memory_total, 0U);
}

TEST(Facts, AMountWithoutADeviceHasNone) {
  EXPECT_FALSE(device_below({0, 42, "/mnt", "nfs4", "server:/export", "rw"}, os::Root("/nonexistent")));
}

}  // namespace
}  // namespace stoker::bench
