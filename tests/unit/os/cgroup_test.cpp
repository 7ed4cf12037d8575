#include "stoker/os/cgroup.hpp"

#include <gmock/gmock.h>

#include "unit/os/scratch.hpp"

namespace stoker::os {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(CgroupOf, UnifiedHierarchy) {
  const Root root = fixture("cgroup-v2");
  const auto group = cgroup_of(55, root);
  ASSERT_TRUE(group);
  EXPECT_EQ(group->unified, "/kubepods.slice/pod1");
  EXPECT_EQ(group->memory, "");
  EXPECT_THAT(cgroup_members(*group, root), ElementsAre(12, 13)) << "those of groups below count";
  EXPECT_EQ(cgroup_read_bytes(*group, root), 4196U);
  EXPECT_EQ(cgroup_memory_limit(*group, root), 4 * k_gib);
}

TEST(CgroupOf, HybridTakesThePathThatTellsGroupsApart) {
  const Root root = fixture("hybrid-v1");
  const auto group = cgroup_of(0, root);
  ASSERT_TRUE(group);
  EXPECT_EQ(group->memory, "/box/job");
  EXPECT_THAT(cgroup_members(*group, root), ElementsAre(1));
  EXPECT_EQ(cgroup_memory_limit(*group, root), 8 * k_gib) << "the parent's is the tightest";
}

TEST(CgroupOf, VersionOneCountsReads) {
  const Root root = fixture("hybrid-v1");
  const auto group = cgroup_of(900, root);
  ASSERT_TRUE(group);
  EXPECT_EQ(group->blkio, "/docker/abc");
  EXPECT_EQ(cgroup_read_bytes(*group, root), 1024U);
  EXPECT_THAT(cgroup_members(*group, root), ElementsAre(901, 902, 903));
}

TEST(CgroupOf, NeverLeavesTheMount) {
  const auto group = cgroup_of(56, fixture("cgroup-v2"));
  ASSERT_TRUE(group);
  EXPECT_EQ(group->unified, "");
  EXPECT_THAT(cgroup_members(*group, fixture("cgroup-v2")), IsEmpty());
  EXPECT_FALSE(cgroup_read_bytes(*group, fixture("cgroup-v2")));
}

TEST(CgroupOf, NothingWithoutProc) { EXPECT_FALSE(cgroup_of(1, fixture("no-sys"))); }

}  // namespace
}  // namespace stoker::os
