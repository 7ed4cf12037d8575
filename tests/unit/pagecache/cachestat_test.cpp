#include "stoker/pagecache/cachestat.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <random>

#include "stoker/pagecache/residency.hpp"
#include "unit/pagecache/scratch.hpp"

namespace stoker::pagecache {
namespace {

using test::page;

// Two independent witnesses over random patterns of resident pages.
TEST(Cachestat, AgreesWithMincoreRanges) {
  const test::Scratch scratch;
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20; ++round) {
    const Bytes bytes = 1 + random() % (200 * page());
    const auto path = scratch.cold("weights", bytes);
    for (int part = 0; part < 4; ++part) {
      const Bytes begin = random() % bytes;
      test::read_part(path, begin, begin + 1 + random() % (bytes - begin));
    }
    const auto fd = os::open_file(path, O_RDONLY).value();
    const auto counted = resident_by_cachestat(fd, bytes);
    if (!counted) GTEST_SKIP() << "no cachestat for this filesystem and kernel";
    const auto ranges = resident_ranges(path).value();
    Bytes sum = 0;
    for (const auto& range : ranges) sum += range.end - range.begin;
    EXPECT_EQ(*counted, sum) << bytes << " bytes in the file";
  }
}

TEST(Cachestat, IsNotAskedWhereItsAnswerMeansNothing) {
  const auto process_file = os::open_file("/proc/self/stat", O_RDONLY).value();
  EXPECT_FALSE(resident_by_cachestat(process_file, page()));
  const auto memory = os::open_file("/dev/shm", O_RDONLY);
  if (memory) {
    EXPECT_FALSE(resident_by_cachestat(*memory, page()));
  }
}

}  // namespace
}  // namespace stoker::pagecache
