#include "stoker/pagecache/fill.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "stoker/os/file.hpp"
#include "stoker/pagecache/residency.hpp"
#include "unit/pagecache/scratch.hpp"

namespace stoker::pagecache {
namespace {

using testing::HasSubstr;

os::Root with_available(const test::Scratch& scratch, Bytes kib) {
  test::must(os::make_folders(scratch.path("root/proc")));
  std::ofstream(scratch.path("root/proc/meminfo")) << fmt::format("MemTotal:       64000000 kB\nMemFree:          1000 kB\nMemAvailable:   {} kB\n", kib);
  return os::Root(scratch.path("root"));
}

TEST(Fill, MakesAllFilesResident) {
  const test::Scratch scratch;
  const auto large = scratch.cold("large", 21 * k_mib + 5);
  const auto half = scratch.cold("half", 8 * k_mib);
  test::read_part(half, 2 * k_mib, 6 * k_mib);
  const auto empty = scratch.sparse("empty", 0);
  const auto tiny = scratch.cold("tiny", 1);
  const auto done = fill({large, half, empty, tiny}, {});
  ASSERT_TRUE(done) << done.error().message();
  const auto files = measure_all({large, half, empty, tiny}).value();
  for (const auto& file : files) EXPECT_EQ(file.resident, file.bytes) << file.path;
}

TEST(Fill, NothingToDoNeedsNoMemory) {
  const test::Scratch scratch;
  const auto path = scratch.cold("weights", 2 * k_mib);
  test::read_part(path, 0, 2 * k_mib);
  EXPECT_TRUE(fill({path}, {}, with_available(scratch, 4)));
  EXPECT_TRUE(fill({}, {}));
}

TEST(Fill, RefusesWhatDoesNotFit) {
  const test::Scratch scratch;
  const auto path = scratch.cold("weights", 2 * k_mib);
  const auto done = fill({path}, {}, with_available(scratch, 1024));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind(), ErrorKind::no_space);
  EXPECT_THAT(done.error().message(), HasSubstr(format_bytes(2 * k_mib)));
  EXPECT_THAT(done.error().message(), HasSubstr(format_bytes(k_mib)));
  EXPECT_EQ(test::resident_by_mincore(path), Bytes{0});
}

TEST(Fill, StopEndsIt) {
  const test::Scratch scratch;
  const auto path = scratch.cold("weights", 8 * k_mib);
  std::stop_source source;
  source.request_stop();
  EXPECT_EQ(fill({path}, source.get_token()).error().kind(), ErrorKind::cancelled);
  EXPECT_EQ(test::resident_by_mincore(path), Bytes{0});
}

TEST(Fill, AbsentFileIsAnError) {
  const test::Scratch scratch;
  EXPECT_EQ(fill({scratch.path("absent")}, {}).error().kind(), ErrorKind::not_found);
}

TEST(Fill, ReadsWholeWhatIsUnknown) {
  if (!test::has_root()) GTEST_SKIP() << "needs root to become somebody else";
  const test::Scratch scratch;
  const auto path = scratch.cold("weights", 9 * k_mib);
  EXPECT_EQ(test::as_user(test::k_nobody, [&] { return fill({path}, {}) ? 0 : 1; }), 0);
  EXPECT_EQ(test::resident_by_mincore(path), 9 * k_mib);
}

TEST(Fill, AFileThatIsCutShorterMeanwhileIsNoError) {
  const test::Scratch scratch;
  const auto path = scratch.cold("shrinking", 4 * k_mib);
  std::jthread writer([&](const std::stop_token& stop) {
    for (Bytes round = 0; !stop.stop_requested(); ++round) test::write_random(path, (round % 8) * 500'003);
  });
  for (int i = 0; i < 30; ++i) {
    const auto done = fill({path}, {});
    ASSERT_TRUE(done) << done.error().message();
  }
}

}  // namespace
}  // namespace stoker::pagecache
