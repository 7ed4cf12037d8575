// Block devices: what lies under a device number, and how many bytes it has read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "stoker/base/units.hpp"
#include "stoker/os/root.hpp"

namespace stoker::os {

struct BlockDevice {
  std::string name;       // "nvme0n1", "vda"; the whole disk where `major:minor` is a partition
  std::string model;      // as the kernel has it, often empty on virtual disks
  std::string scheduler;  // the active one: "none", "mq-deadline"
  std::optional<std::uint64_t> read_ahead_kib;
  std::optional<bool> rotational;
};

// From /sys/dev/block/M:m. Nothing when the number is no block device (overlay, NFS, tmpfs…).
std::optional<BlockDevice> block_device(std::uint32_t major, std::uint32_t minor, const Root& root = {});

// The file that a loop device (or a partition of one) lies on, as the kernel names it. Nothing for other devices.
std::optional<std::string> loop_backing_file(std::uint32_t major, std::uint32_t minor, const Root& root = {});

// Bytes read from the device (or partition) since boot: field 3 of /sys/dev/block/M:m/stat × 512.
std::optional<Bytes> device_read_bytes(std::uint32_t major, std::uint32_t minor, const Root& root = {});

}  // namespace stoker::os
