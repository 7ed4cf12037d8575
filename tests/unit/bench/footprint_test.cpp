#include "stoker/bench/footprint.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "stoker/pagecache/evict.hpp"
#include "stoker/pagecache/fill.hpp"
#include "unit/bench/scratch.hpp"

namespace stoker::bench {
namespace {

TEST(Footprint, IsWhatBecameResident) {
  const test::Scratch scratch;
  const std::vector<std::string> candidates{scratch.file("used.py", 20'000), scratch.file("unused.py", 20'000), scratch.file("weights", 20'000)};
  ASSERT_TRUE(pagecache::evict(candidates));
  ASSERT_TRUE(pagecache::fill({candidates[0], candidates[2]}, {}));
  const auto footprint = observe_footprint(candidates, {}, {candidates[2]});
  ASSERT_EQ(footprint.files.size(), 1U);
  EXPECT_EQ(footprint.files[0].path, candidates[0]);
  EXPECT_EQ(footprint.used, 20'000U);
}

TEST(Footprint, WhatProcessesMapBelongsToIt) {
  const auto self = os::process(::getpid());
  ASSERT_TRUE(self);
  const auto footprint = observe_footprint({}, {*self}, {});
  const auto own = os::real_path("/proc/self/exe").value();
  EXPECT_TRUE(std::ranges::any_of(footprint.files, [&](const auto& file) { return file.path == own; }));
}

TEST(Footprint, WhatOthersMapIsLeftAlone) {
  // We map our own executable: as another process would, we keep it in memory.
  const auto self = os::process(::getpid());
  auto footprint = observe_footprint({}, {*self}, {});
  const auto before = footprint.files.size();
  leave_shared_files(footprint);
  EXPECT_LT(footprint.files.size(), before);
  EXPECT_EQ(footprint.shared_files, before - footprint.files.size());
  EXPECT_GT(footprint.shared_bytes, 0U);
}

TEST(Footprint, EvictionIsProved) {
  const test::Scratch scratch;
  const auto path = scratch.file("module.py", 20'000);
  ASSERT_TRUE(pagecache::fill({path}, {}));
  const auto footprint = observe_footprint({path}, {}, {});
  const auto state = evict_footprint(footprint);
  ASSERT_TRUE(state);
  EXPECT_EQ(state->state, "cold") << state->reason;
  EXPECT_TRUE(observe_footprint({path}, {}, {}).files.empty());
}

TEST(Footprint, NothingSeenIsNotCalledCold) {
  const auto state = evict_footprint({});
  ASSERT_TRUE(state);
  EXPECT_EQ(state->state, "unknown");
}

TEST(Footprint, FilesOfUnknownResidencyAreNotCalledCold) {
  const test::Scratch scratch;
  const auto path = scratch.file("module.py", 20'000);
  ASSERT_TRUE(pagecache::fill({path}, {}));
  auto footprint = observe_footprint({path}, {}, {});
  footprint.unknown_files = 1;
  EXPECT_EQ(evict_footprint(footprint)->state, "unknown");
}

TEST(Footprint, AGoodPartLeftInMemoryIsSaid) {
  const test::Scratch scratch;
  const auto path = scratch.file("module.py", 20'000);
  ASSERT_TRUE(pagecache::fill({path}, {}));
  auto footprint = observe_footprint({path}, {}, {});
  footprint.shared_bytes = 20'000;
  EXPECT_EQ(evict_footprint(footprint)->state, "partial");
}

TEST(Footprint, CandidatesAreTheProgramAndThePythonFolders) {
  const test::Scratch scratch;
  const auto module = scratch.file("module.py", 10);
  engine::Python python;
  python.folders = {scratch.path()};
  const auto candidates = footprint_candidates({"/bin/sh"}, python);
  EXPECT_TRUE(std::ranges::count(candidates, module));
  EXPECT_TRUE(std::ranges::count(candidates, os::real_path("/bin/sh").value()));
}

}  // namespace
}  // namespace stoker::bench
