#include "stoker/bench/state.hpp"

#include <gtest/gtest.h>

#include "stoker/pagecache/evict.hpp"
#include "stoker/pagecache/fill.hpp"
#include "stoker/pagecache/residency.hpp"
#include "unit/bench/scratch.hpp"

namespace stoker::bench {
namespace {

using record::Mode;

constexpr std::size_t k_bytes = 3 * k_mib + 17;

class State : public ::testing::Test {
protected:
  void SetUp() override {
    weights.files = {scratch.file("a.safetensors", k_bytes), scratch.file("b.safetensors", 4096)};
    start.valid = true;
  }
  // As if an engine had read all weights through the page cache.
  void engine_reads_weights() { ASSERT_TRUE(pagecache::fill(weights.files, {})); }

  test::Scratch scratch;
  Weights weights;
  record::Start start;
};

TEST_F(State, ColdIsProvedAsNothingResident) {
  ASSERT_TRUE(prepare_weights(Mode::cold, weights, start, {}));
  EXPECT_TRUE(start.valid) << start.invalid_reason;
  EXPECT_EQ(start.residency_before, 0.0);
  EXPECT_EQ(start.weight_bytes, k_bytes + 4096);
  EXPECT_FALSE(start.warm_s);
}

TEST_F(State, WarmIsProvedAsAllResidentAndUntimed) {
  ASSERT_TRUE(pagecache::evict(weights.files));
  ASSERT_TRUE(prepare_weights(Mode::warm, weights, start, {}));
  EXPECT_TRUE(start.valid) << start.invalid_reason;
  EXPECT_EQ(start.residency_before, 1.0);
  EXPECT_FALSE(start.warm_s);
}

TEST_F(State, PrewarmedIsTimed) {
  ASSERT_TRUE(prepare_weights(Mode::prewarm_cold, weights, start, {}));
  EXPECT_TRUE(start.valid) << start.invalid_reason;
  EXPECT_EQ(start.residency_before, 1.0);
  EXPECT_TRUE(start.warm_s);
}

TEST_F(State, AMissingWeightFileIsAnError) {
  weights.files.push_back(scratch.path() + "/absent");
  EXPECT_EQ(prepare_weights(Mode::cold, weights, start, {}).error().kind(), ErrorKind::not_found);
}

TEST_F(State, AColdStartWhoseBytesCameFromTheDeviceStaysValid) {
  ASSERT_TRUE(prepare_weights(Mode::cold, weights, start, {}));
  engine_reads_weights();
  start.device_read_bytes = 10 * k_mib;
  account_weights(Mode::cold, weights.files, {"ext4", "", false}, start);
  EXPECT_TRUE(start.valid) << start.invalid_reason;
  EXPECT_EQ(start.residency_after, 1.0);
  EXPECT_EQ(start.device_weight_bytes, k_bytes + 4096);
  EXPECT_EQ(start.device_other_bytes, 10 * k_mib - k_bytes - 4096);
}

// ZFS's own cache, or a loop device over a cached file: nothing resident before, all after, no device bytes.
TEST_F(State, AHiddenCacheMakesAColdStartInvalid) {
  ASSERT_TRUE(prepare_weights(Mode::cold, weights, start, {}));
  engine_reads_weights();
  start.device_read_bytes = 100 * k_kib;
  account_weights(Mode::cold, weights.files, {"ext4", "", false}, start);
  EXPECT_FALSE(start.valid);
  EXPECT_NE(start.invalid_reason.find("a cache that this kernel does not show"), std::string::npos) << start.invalid_reason;
}

// Whatever else the device gave meanwhile: these weights were not read.
TEST_F(State, AnEngineThatReadsOtherFilesIsNoColdStart) {
  ASSERT_TRUE(prepare_weights(Mode::cold, weights, start, {}));
  start.device_read_bytes = start.tree_read_bytes = 100 * k_mib;
  account_weights(Mode::cold, weights.files, {"ext4", "", false}, start);
  EXPECT_FALSE(start.valid);
}

TEST_F(State, FlagsThatPromiseDirectReadsAreNoEvidenceOfThem) {
  ASSERT_TRUE(prepare_weights(Mode::cold, weights, start, {}));
  engine_reads_weights();
  start.device_read_bytes = start.tree_read_bytes = 10 * k_mib;
  account_weights(Mode::cold, weights.files, {"ext4", "", true}, start);
  EXPECT_EQ(start.device_weight_bytes, k_bytes + 4096);
}

TEST_F(State, AWarmStartsOtherBytesAreNotWeights) {
  ASSERT_TRUE(prepare_weights(Mode::warm, weights, start, {}));
  start.device_read_bytes = start.tree_read_bytes = 100 * k_mib;
  account_weights(Mode::warm, weights.files, {"ext4", "", false}, start);
  EXPECT_EQ(start.device_weight_bytes, 0U);
  EXPECT_EQ(start.device_other_bytes, 100 * k_mib);
}

TEST_F(State, APathWithAHiddenCacheIsNeverProvedCold) {
  ASSERT_TRUE(prepare_weights(Mode::cold, weights, start, {}));
  engine_reads_weights();
  start.device_read_bytes = 10 * k_mib;
  account_weights(Mode::cold, weights.files, {"zfs", "a cache of its own", false}, start);
  EXPECT_FALSE(start.valid);
  EXPECT_NE(start.invalid_reason.find("a cache of its own"), std::string::npos);
}

TEST_F(State, WhatLiesBelowTheFilesystemIsEvictedToo) {
  weights.below = {scratch.file("disk.img", 8192)};
  ASSERT_TRUE(pagecache::fill(weights.below, {}));
  ASSERT_TRUE(prepare_weights(Mode::cold, weights, start, {}));
  EXPECT_EQ(pagecache::total(pagecache::measure_all(weights.below).value()).resident, 0U);
}

TEST_F(State, ADirectLoaderLeavesNoResidencyAndIsProvedByItsOwnReads) {
  ASSERT_TRUE(prepare_weights(Mode::cold, weights, start, {}));
  start.device_read_bytes = 8 * k_mib;
  start.tree_read_bytes = 5 * k_mib;
  account_weights(Mode::cold, weights.files, {"ext4", "", true}, start);
  EXPECT_TRUE(start.valid) << start.invalid_reason;
  EXPECT_EQ(start.device_weight_bytes, k_bytes + 4096);
}

TEST_F(State, WithoutAnyCounterAColdStartCannotBeProved) {
  ASSERT_TRUE(prepare_weights(Mode::cold, weights, start, {}));
  engine_reads_weights();
  account_weights(Mode::cold, weights.files, {"ext4", "", false}, start);
  EXPECT_FALSE(start.valid);
  EXPECT_NE(start.invalid_reason.find("cannot be proved"), std::string::npos);
}

TEST_F(State, WhatIsNewFromAMountCameOverIt) {
  ASSERT_TRUE(prepare_weights(Mode::cold, weights, start, {}));
  engine_reads_weights();
  account_weights(Mode::cold, weights.files, {"nfs4", "", false}, start);
  EXPECT_TRUE(start.valid) << start.invalid_reason;
  EXPECT_EQ(start.device_read_bytes, k_bytes + 4096);
  EXPECT_EQ(start.device_weight_bytes, k_bytes + 4096);
}

TEST_F(State, TheFirstReasonIsTheOneKept) {
  make_invalid(start, "first");
  make_invalid(start, "second");
  EXPECT_EQ(start.invalid_reason, "first");
}

}  // namespace
}  // namespace stoker::bench
