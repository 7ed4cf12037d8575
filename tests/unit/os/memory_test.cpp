#include "stoker/os/memory.hpp"

#include "unit/os/scratch.hpp"

namespace stoker::os {
namespace {

TEST(Memory, HostAndTheTightestLimit) {
  const Memory two = memory(fixture("cgroup-v2"));
  EXPECT_EQ(two.total, 64'000'000 * k_kib);
  EXPECT_EQ(two.available, 32'000'000 * k_kib);
  EXPECT_EQ(two.cgroup_limit, 4 * k_gib);
  EXPECT_EQ(memory(fixture("hybrid-v1")).cgroup_limit, 8 * k_gib);
}

TEST(Memory, NoLimitIsNothing) { EXPECT_FALSE(memory(fixture("bare-nvme")).cgroup_limit); }

TEST(Memory, AbsentFactsAreZero) { EXPECT_EQ(memory(fixture("no-sys")).total, 0U); }

TEST(Memory, KnowsThisMachine) {
  const Memory seen = memory();
  EXPECT_GT(seen.total, 0U);
  EXPECT_LE(seen.available, seen.total);
}

}  // namespace
}  // namespace stoker::os
