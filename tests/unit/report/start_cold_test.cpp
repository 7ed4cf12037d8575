#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/record/benches.hpp"
#include "unit/report/views.hpp"

namespace stoker::report {
namespace {

using testing::HasSubstr;

std::string cold(const record::StartBench& bench) { return told(cold_section, bench); }

TEST(StartCold, ScopeIsSaidInWords) {
  auto bench = record::benches::distinct();
  EXPECT_THAT(cold(bench), HasSubstr("a restart on a node that has run the engine before"));
  bench.cold_scope = record::ColdScope::all;
  EXPECT_THAT(cold(bench), HasSubstr("first start after a reboot"));
  bench.cold_scope = record::ColdScope::fresh;
  EXPECT_THAT(cold(bench), HasSubstr("first start of a fresh container"));
}

TEST(StartCold, WhatCannotBeSeenDependsOnTheHost) {
  auto bench = record::benches::distinct();
  EXPECT_THAT(cold(bench), HasSubstr("Cold in this guest (kvm guest): a hypervisor's or a storage server's cache cannot be seen from here."));
  bench.host.virtualization.clear();
  EXPECT_THAT(cold(bench), HasSubstr("Cold on this machine"));
  bench.host.filesystem = "zfs";
  EXPECT_THAT(cold(bench), HasSubstr("ZFS keeps a cache of its own"));
  bench.host.filesystem_kind = "network";
  EXPECT_THAT(cold(bench), HasSubstr("the storage server's own cache"));
  bench.host.filesystem_kind = "memory";
  EXPECT_THAT(cold(bench), HasSubstr("no start from here can be cold"));
}

TEST(StartCold, DeviceBytesBearItOutOrNot) {
  auto bench = record::benches::distinct();
  EXPECT_THAT(cold(bench), HasSubstr("that bears it out. A warm start read 0 B."));
  for (auto& start : bench.starts) start.device_weight_bytes = k_gib;
  EXPECT_THAT(cold(bench), HasSubstr("7.0 %: that does not bear it out"));
  for (auto& start : bench.starts) start.device_weight_bytes.reset();
  EXPECT_THAT(cold(bench), HasSubstr("rests on residency alone"));
}

TEST(StartCold, HalfReadFilesAreBorneOutByHalfTheBytes) {
  auto bench = record::benches::distinct();
  for (auto& start : bench.starts) {
    start.device_weight_bytes = bench.weight_bytes / 2;
    start.residency_after = 0.5;
  }
  EXPECT_THAT(cold(bench), HasSubstr("bears it out, since only 50 % of the files were touched"));
}

TEST(StartCold, MountsHaveNoDeviceCounter) {
  auto bench = record::benches::distinct();
  bench.host.filesystem_kind = "network";
  for (auto& start : bench.starts) start.device_weight_bytes = 0;
  EXPECT_THAT(cold(bench), HasSubstr("after a cold start 100 % of the weights were in the page cache"));
}

TEST(StartCold, WorstResidencyIsShown) {
  auto bench = record::benches::distinct();
  EXPECT_THAT(cold(bench), HasSubstr("held nothing of the weights"));
  bench.starts[2].residency_before = 0.02;
  EXPECT_THAT(cold(bench), HasSubstr("held at most 2.0 % of the weights"));
}

TEST(StartCold, WithoutColdStartsThereIsNothingToExplain) { EXPECT_EQ(cold(record::benches::vllm_with({}, {26})), ""); }

}  // namespace
}  // namespace stoker::report
