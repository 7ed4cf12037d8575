#include "stoker/os/block.hpp"

#include "unit/os/scratch.hpp"

namespace stoker::os {
namespace {

TEST(BlockDevice, APartitionIsItsDisk) {
  const auto device = block_device(259, 2, fixture("bare-nvme"));
  ASSERT_TRUE(device);
  EXPECT_EQ(device->name, "nvme0n1");
  EXPECT_EQ(device->model, "SAMSUNG MZQL21T9HCJR-00A07");
  EXPECT_EQ(device->scheduler, "none");
  EXPECT_EQ(device->read_ahead_kib, 128U);
  EXPECT_EQ(device->rotational, false);
}

TEST(BlockDevice, AVolumeHasItsName) {
  const auto device = block_device(253, 0, fixture("bare-nvme"));
  ASSERT_TRUE(device);
  EXPECT_EQ(device->name, "dm-0");
  EXPECT_EQ(device->model, "vg0-models");
  EXPECT_EQ(device->rotational, true);
}

TEST(BlockDevice, AnonymousNumbersAreNone) {
  EXPECT_FALSE(block_device(0, 52, fixture("bare-nvme")));
  EXPECT_FALSE(block_device(259, 2, fixture("no-sys")));
  EXPECT_FALSE(device_read_bytes(0, 52, fixture("bare-nvme")));
}

TEST(DeviceReadBytes, ArePartitionsOrDisksOwn) {
  EXPECT_EQ(device_read_bytes(259, 0, fixture("bare-nvme")), Bytes{12345678} * 512);
  EXPECT_EQ(device_read_bytes(259, 2, fixture("bare-nvme")), Bytes{2048} * 512);
}

}  // namespace
}  // namespace stoker::os
