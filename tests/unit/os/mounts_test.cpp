#include "stoker/os/mounts.hpp"

#include <gmock/gmock.h>

#include "unit/os/scratch.hpp"

namespace stoker::os {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ParseMountinfo, DecodesPathsAndSkipsWhatIsMalformed) {
  const auto mounts = parse_mountinfo(read_text(fixture("bare-nvme").path("/proc/self/mountinfo")).value());
  ASSERT_EQ(mounts.size(), 7U);
  EXPECT_EQ(mounts[1].major, 259U);
  EXPECT_EQ(mounts[1].minor, 2U);
  EXPECT_EQ(mounts[1].options, "rw,relatime,rw,errors=remount-ro");
  EXPECT_EQ(mounts[5].point, "/mnt/my share");
  EXPECT_EQ(mounts[5].source, "filer:/export/my models");
}

TEST(ParseMountinfo, TakesHostileLines) {
  for (const char* line : {"-", "- - - - - - -", "1 2 3:4", "1 2 99999999999:1 / /x rw - ext4 a b", "1 2 8:1 / /x\\04 rw -", "\\", "1 2 8:1 / /x rw - ext4"})
    EXPECT_THAT(parse_mountinfo(line), IsEmpty()) << line;
}

TEST(MountOf, TakesTheLongestPointAndTheLastOfEquals) {
  const Root root = fixture("bare-nvme");
  EXPECT_EQ(mount_of("/mnt/nvme/models", root).value().filesystem, "xfs");
  EXPECT_EQ(mount_of("/mnt/link-to-models", root).value().source, "/dev/mapper/vg0-models") << "links are resolved";
  EXPECT_EQ(mount_of("/etc", root).value().point, "/");
  EXPECT_EQ(mount_of("/", root).value().point, "/");
  EXPECT_EQ(mount_of("/nowhere-at-all", root).error().kind(), ErrorKind::not_found);
}

TEST(MountOf, KnowsThisMachine) {
  const Scratch scratch;
  const auto mount = mount_of(scratch.path());
  ASSERT_TRUE(mount) << mount.error().message();
  EXPECT_TRUE(scratch.path().starts_with(mount->point));
  EXPECT_EQ(mount_of("/proc/self").value().filesystem, "proc");
}

TEST(MountOf, IsUnsupportedWithoutMountinfo) { EXPECT_EQ(mount_of("/proc", fixture("no-sys")).error().kind(), ErrorKind::unsupported); }

TEST(OverlayLayers, UpperFirstThenLowerInOrder) {
  const Root root = fixture("container-overlay");
  const auto mount = mount_of("/", root).value();
  EXPECT_THAT(overlay_layers(mount), ElementsAre("/var/lib/docker/overlay2/x y/diff", "/var/lib/docker/overlay2/l/AAA", "/var/lib/docker/overlay2/l/B:B", "/with,comma"));
  EXPECT_THAT(overlay_layers(mount_of("/models", root).value()), IsEmpty());
  EXPECT_THAT(overlay_layers(parse_mountinfo(read_text(root.path("/proc/self/mountinfo")).value()).back()), ElementsAre("/one", "/two"));
}

TEST(KindOfFilesystem, SaysWhatTheTypeTells) {
  EXPECT_EQ(kind_of_filesystem("xfs"), FilesystemKind::local);
  EXPECT_EQ(kind_of_filesystem("nfs4"), FilesystemKind::network);
  EXPECT_EQ(kind_of_filesystem("fuse.juicefs"), FilesystemKind::network);
  EXPECT_EQ(kind_of_filesystem("fuse.somebodys"), FilesystemKind::fuse);
  EXPECT_EQ(kind_of_filesystem("virtiofs"), FilesystemKind::fuse);
  EXPECT_EQ(kind_of_filesystem("tmpfs"), FilesystemKind::memory);
  EXPECT_EQ(kind_of_filesystem("overlay"), FilesystemKind::overlay);
  EXPECT_EQ(kind_of_filesystem("proc"), FilesystemKind::unknown);
}

}  // namespace
}  // namespace stoker::os
