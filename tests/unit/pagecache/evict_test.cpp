#include "stoker/pagecache/evict.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "stoker/os/fd.hpp"
#include "stoker/os/file.hpp"
#include "unit/pagecache/scratch.hpp"

namespace stoker::pagecache {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Evict, CleanDirtyHalfReadAndEmptyFiles) {
  const test::Scratch scratch;
  const Bytes bytes = 4 * k_mib + 17;
  const auto clean = scratch.cold("clean", bytes);
  test::read_part(clean, 0, bytes);
  const auto half = scratch.cold("half", bytes);
  test::read_part(half, 0, k_mib);
  const auto dirty = scratch.path("dirty");
  test::write_random(dirty, bytes);
  const auto empty = scratch.sparse("empty", 0);
  const auto evicted = evict({clean, half, dirty, empty}).value();
  ASSERT_THAT(evicted, SizeIs(4));
  EXPECT_EQ(evicted[0].before, bytes);
  EXPECT_EQ(evicted[1].before, k_mib);
  for (const auto& eviction : evicted) {
    EXPECT_EQ(eviction.after, Bytes{0}) << eviction.path;
    EXPECT_EQ(eviction.reason, "");
    EXPECT_THAT(eviction.holders, IsEmpty());
    EXPECT_EQ(test::resident_by_mincore(eviction.path), Bytes{0});
  }
}

TEST(Evict, ReadAheadInFlightIsWaitedFor) {
  const test::Scratch scratch;
  const auto path = scratch.cold("weights", 64 * k_mib);
  for (int i = 0; i < 5; ++i) {
    const auto fd = os::open_file(path, O_RDONLY).value();
    ASSERT_EQ(::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_WILLNEED), 0);
    const auto evicted = evict({path}).value();
    EXPECT_EQ(evicted[0].after, Bytes{0}) << evicted[0].reason;
  }
}

TEST(Evict, NamesTheHolderOfPagesThatStay) {
  const test::Scratch scratch;
  const auto path = scratch.cold("weights", k_mib);
  {
    const test::Mapper mapper(path);
    ASSERT_TRUE(mapper.ready());
    const auto evicted = evict({path}).value();
    EXPECT_EQ(evicted[0].after, k_mib);
    EXPECT_THAT(evicted[0].reason, HasSubstr("mapped by pid " + std::to_string(mapper.pid()) + " ("));
    ASSERT_THAT(evicted[0].holders, SizeIs(1));
    EXPECT_EQ(evicted[0].holders[0].pid, mapper.pid());
    EXPECT_EQ(evicted[0].holders[0].path, path);
  }
  EXPECT_EQ(evict({path})->front().after, Bytes{0});
}

TEST(Evict, TellsThatAHolderLocksMemory) {
  const test::Scratch scratch;
  const auto path = scratch.cold("weights", 4 * test::page());
  const test::Mapper mapper(path, true);
  if (!mapper.ready()) GTEST_SKIP() << "mlock is not permitted here";
  EXPECT_THAT(evict({path})->front().reason, HasSubstr("locks memory"));
}

TEST(Evict, AFileInMemoryStays) {
  struct stat seen {};
  if (::stat("/dev/shm", &seen) != 0 || ::access("/dev/shm", W_OK) != 0) GTEST_SKIP() << "no /dev/shm";
  const auto folder = os::make_private_folder("/dev/shm", "pagecache-").value();
  const auto path = folder + "/weights";
  test::write_random(path, k_mib);
  const auto evicted = evict({path}).value();
  ignore(os::remove_tree(folder), "scratch");
  EXPECT_EQ(evicted[0].after, k_mib);
  EXPECT_EQ(evicted[0].reason, "tmpfs: the page cache is the file itself");
}

TEST(Evict, DryRunTouchesNothingAndTellsHolders) {
  const test::Scratch scratch;
  const auto path = scratch.cold("weights", k_mib);
  test::read_part(path, 0, k_mib);
  const auto free = evict({path}, {.dry_run = true}).value();
  EXPECT_EQ(free[0].before, k_mib);
  EXPECT_EQ(free[0].after, k_mib);
  EXPECT_EQ(free[0].reason, "");
  const test::Mapper mapper(path);
  ASSERT_TRUE(mapper.ready());
  const auto held = evict({path}, {.dry_run = true}).value();
  EXPECT_THAT(held[0].reason, HasSubstr("mapped by pid"));
  EXPECT_EQ(test::resident_by_mincore(path), k_mib);
}

TEST(Evict, ReadingRightsSuffice) {
  if (!test::has_root()) GTEST_SKIP() << "needs root to become somebody else";
  const test::Scratch scratch;
  const auto path = scratch.cold("weights", k_mib);
  test::read_part(path, 0, k_mib);
  ASSERT_EQ(::chown(path.c_str(), test::k_nobody, test::k_nobody), 0);
  ASSERT_EQ(::chmod(path.c_str(), 0444), 0);
  EXPECT_EQ(test::as_user(test::k_nobody, [&] { return evict({path})->front().after == Bytes{0} ? 0 : 1; }), 0);
  EXPECT_EQ(test::resident_by_mincore(path), Bytes{0});
}

TEST(Evict, UnknownResidencyIsNoProof) {
  if (!test::has_root()) GTEST_SKIP() << "needs root to become somebody else";
  const test::Scratch scratch;
  const auto path = scratch.cold("weights", k_mib);
  test::read_part(path, 0, k_mib);
  const auto unproved = [&] {
    const auto evicted = evict({path}).value();
    return !evicted[0].after && !evicted[0].before && !evicted[0].reason.empty() ? 0 : 1;
  };
  EXPECT_EQ(test::as_user(test::k_nobody, unproved), 0);
  EXPECT_EQ(test::resident_by_mincore(path), Bytes{0}) << "dropped all the same";
}

TEST(Evict, AbsentFileIsAnError) {
  const test::Scratch scratch;
  EXPECT_EQ(evict({scratch.path("absent")}).error().kind(), ErrorKind::not_found);
  EXPECT_THAT(*evict({}), IsEmpty());
}

TEST(Evict, ConcurrentWriterIsNoError) {
  const test::Scratch scratch;
  const auto path = scratch.cold("growing", k_mib);
  std::jthread writer([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) test::write_random(path, 300'001);
  });
  for (int i = 0; i < 3; ++i) {
    const auto evicted = evict({path});
    ASSERT_TRUE(evicted) << evicted.error().message();
    ASSERT_TRUE(evicted->front().after);
    EXPECT_EQ(evicted->front().reason.empty(), evicted->front().after == Bytes{0});
  }
}

}  // namespace
}  // namespace stoker::pagecache
