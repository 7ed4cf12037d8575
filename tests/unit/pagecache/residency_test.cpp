#include "stoker/pagecache/residency.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "stoker/os/file.hpp"
#include "unit/pagecache/scratch.hpp"

namespace stoker::pagecache {
namespace {

using test::page;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Residency, FullNoneAndHalfAgreeWithMincore) {
  const test::Scratch scratch;
  const Bytes bytes = 8 * k_mib;
  const auto path = scratch.cold("weights", bytes);
  EXPECT_EQ(measure(path)->resident, Bytes{0});
  test::read_part(path, 0, bytes / 2);
  EXPECT_EQ(measure(path)->resident, bytes / 2);
  EXPECT_EQ(measure(path)->resident, test::resident_by_mincore(path));
  test::read_part(path, 0, bytes);
  const auto full = measure(path).value();
  EXPECT_EQ(full.resident, bytes);
  EXPECT_EQ(full.bytes, bytes);
  EXPECT_EQ(full.path, path);
  EXPECT_EQ(full.reason, "");
}

TEST(Residency, MeasuringLoadsNothing) {
  const test::Scratch scratch;
  const auto path = scratch.cold("weights", k_mib);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(measure(path)->resident, Bytes{0});
}

TEST(Residency, LastPageCountsAsFileBytes) {
  const test::Scratch scratch;
  const Bytes bytes = 2 * page() + 100;
  const auto path = scratch.cold("odd", bytes);
  test::read_part(path, 2 * page(), bytes);
  EXPECT_EQ(measure(path)->resident, Bytes{100});
  EXPECT_THAT(*resident_ranges(path), ElementsAre(Range{2 * page(), bytes}));
  test::read_part(path, 0, bytes);
  EXPECT_EQ(measure(path)->resident, bytes);
}

TEST(Residency, SparseFile) {
  const test::Scratch scratch;
  const auto path = scratch.sparse("sparse", 64 * k_mib);
  EXPECT_EQ(measure(path)->resident, Bytes{0});
  test::read_part(path, 32 * k_mib, 32 * k_mib + page());
  EXPECT_EQ(measure(path)->resident, test::resident_by_mincore(path));
  EXPECT_GE(*measure(path)->resident, page());
}

TEST(Residency, EmptyFile) {
  const test::Scratch scratch;
  const auto path = scratch.sparse("empty", 0);
  const auto seen = measure(path).value();
  EXPECT_EQ(seen.bytes, Bytes{0});
  EXPECT_EQ(seen.resident, Bytes{0});
  EXPECT_EQ(total({seen}).fraction(), 1.0);
  EXPECT_THAT(*resident_ranges(path), IsEmpty());
}

TEST(Residency, RangesCrossWindows) {
  const test::Scratch scratch;
  const auto path = scratch.sparse("large", 2 * k_gib + 512 * k_mib);
  test::read_part(path, k_gib - 2 * page(), k_gib + 2 * page());
  test::read_part(path, 2 * k_gib + 8 * k_mib, 2 * k_gib + 8 * k_mib + page());
  const auto ranges = resident_ranges(path).value();
  ASSERT_EQ(ranges.size(), 2U);
  EXPECT_LE(ranges[0].begin, k_gib - 2 * page());
  EXPECT_GE(ranges[0].end, k_gib + 2 * page());
  Bytes sum = 0;
  for (const auto& range : ranges) sum += range.end - range.begin;
  EXPECT_EQ(sum, test::resident_by_mincore(path));
  EXPECT_EQ(measure(path)->resident, sum);
}

TEST(Residency, RangesOfAHalfReadFile) {
  const test::Scratch scratch;
  const auto path = scratch.cold("half", 4 * k_mib);
  test::read_part(path, 2 * k_mib, 4 * k_mib);
  test::read_part(path, 0, page());
  EXPECT_THAT(*resident_ranges(path), ElementsAre(Range{0, page()}, Range{2 * k_mib, 4 * k_mib}));
}

TEST(Residency, WhatIsNoRegularFileIsInvalid) {
  const test::Scratch scratch;
  ASSERT_EQ(::mkfifo(scratch.path("fifo").c_str(), 0600), 0);
  EXPECT_EQ(measure(scratch.path("fifo")).error().kind(), ErrorKind::invalid);
  EXPECT_EQ(measure(scratch.folder()).error().kind(), ErrorKind::invalid);
  EXPECT_EQ(measure("/proc/version").error().kind(), ErrorKind::invalid);
  EXPECT_EQ(measure(scratch.path("absent")).error().kind(), ErrorKind::not_found);
  EXPECT_EQ(measure_all({scratch.cold("there", page()), scratch.path("absent")}).error().kind(), ErrorKind::not_found);
}

// The kernel's rule, end to end: a stranger's mincore calls everything resident, so there is no number.
TEST(Residency, UnknownToAStranger) {
  if (!test::has_root()) GTEST_SKIP() << "needs root to become somebody else";
  const test::Scratch scratch;
  const auto path = scratch.cold("weights", k_mib);
  const auto unknown = [&] {
    const auto seen = measure(path);
    const bool right = seen && !seen->resident && !seen->reason.empty() && seen->bytes == k_mib && !total({*seen}).fraction();
    return right && resident_ranges(path).error().kind() == ErrorKind::unsupported ? 0 : 1;
  };
  const auto cold = [&] {
    const auto seen = measure(path);
    return seen && seen->resident == Bytes{0} ? 0 : 1;
  };
  EXPECT_EQ(test::as_user(test::k_nobody, unknown), 0);
  ASSERT_EQ(::chmod(path.c_str(), 0666), 0);
  EXPECT_EQ(test::as_user(test::k_nobody, cold), 0) << "may write it";
  ASSERT_EQ(::chmod(path.c_str(), 0444), 0);
  ASSERT_EQ(::chown(path.c_str(), test::k_nobody, test::k_nobody), 0);
  EXPECT_EQ(test::as_user(test::k_nobody, cold), 0) << "owns it";
  EXPECT_EQ(cold(), 0) << "root, by CAP_FOWNER";
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  ASSERT_EQ(::chown(path.c_str(), 0, 0), 0);
  EXPECT_EQ(test::as_user(test::k_nobody, [&] { return measure(path).error().kind() == ErrorKind::denied ? 0 : 1; }), 0);
}

class Overlay {
public:
  explicit Overlay(const test::Scratch& scratch) : m_point(scratch.path("merged")) {
    for (const char* part : {"lower", "upper", "work", "merged"})
      if (!os::make_folders(scratch.path(part))) return;
    const std::string options = "lowerdir=" + scratch.path("lower") + ",upperdir=" + scratch.path("upper") + ",workdir=" + scratch.path("work");
    m_mounted = ::mount("overlay", m_point.c_str(), "overlay", 0, options.c_str()) == 0;
  }
  ~Overlay() {
    if (m_mounted) ::umount2(m_point.c_str(), MNT_DETACH);
  }
  Overlay(const Overlay&) = delete;
  Overlay& operator=(const Overlay&) = delete;
  [[nodiscard]] bool mounted() const { return m_mounted; }

private:
  std::string m_point;
  bool m_mounted = false;
};

TEST(Residency, OverlayShowsWhatWasRead) {
  if (!test::has_root()) GTEST_SKIP() << "needs root to mount";
  const test::Scratch scratch;
  const Overlay overlay(scratch);
  if (!overlay.mounted()) GTEST_SKIP() << "mounting an overlay is not permitted here";
  const Bytes bytes = 4 * k_mib;
  ignore(scratch.cold("lower/weights", bytes), "seen through the overlay");
  const auto path = scratch.path("merged/weights");
  EXPECT_EQ(measure(path)->resident, Bytes{0});
  test::read_part(path, k_mib, 3 * k_mib);
  EXPECT_EQ(measure(path)->resident, 2 * k_mib);
  EXPECT_THAT(*resident_ranges(path), ElementsAre(Range{k_mib, 3 * k_mib}));
  ASSERT_EQ(::chmod(scratch.path("lower/weights").c_str(), 0644), 0);
  EXPECT_EQ(test::as_user(test::k_nobody, [&] { return measure(path)->resident ? 1 : 0; }), 0);
}

TEST(Residency, ConcurrentWriterNeverBreaksTheSum) {
  const test::Scratch scratch;
  const auto path = scratch.cold("growing", k_mib);
  std::jthread writer([&](const std::stop_token& stop) {
    for (Bytes round = 0; !stop.stop_requested(); ++round) {
      test::write_random(path, (round % 16) * 70'001);
    }
  });
  for (int i = 0; i < 300; ++i) {
    const auto seen = measure(path);
    ASSERT_TRUE(seen) << seen.error().message();
    ASSERT_TRUE(seen->resident) << seen->reason;
    ASSERT_LE(*seen->resident, seen->bytes);
    const auto ranges = resident_ranges(path).value();
    for (const auto& range : ranges) ASSERT_LT(range.begin, range.end);
  }
}

TEST(Total, UnknownOnceIsUnknownInAll) {
  const Residency known{"a", 100, Bytes{50}, ""};
  const Residency unknown{"b", 100, std::nullopt, "why"};
  EXPECT_EQ(total({known, known}).resident, Bytes{100});
  EXPECT_EQ(total({known, known}).fraction(), 0.5);
  EXPECT_EQ(total({known, unknown, known}).resident, std::nullopt);
  EXPECT_EQ(total({known, unknown, known}).bytes, Bytes{300});
  EXPECT_EQ(total({unknown}).fraction(), std::nullopt);
  EXPECT_EQ(total({}).fraction(), 1.0);
}

}  // namespace
}  // namespace stoker::pagecache
