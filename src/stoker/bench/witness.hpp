// Readings around a start: what the device gave, how long tasks waited for it, what the GPUs held.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stoker/base/units.hpp"
#include "stoker/bench/facts.hpp"
#include "stoker/gpu/nvml.hpp"
#include "stoker/os/clock.hpp"
#include "stoker/os/pressure.hpp"
#include "stoker/record/start.hpp"

namespace stoker::bench {

// Begun just before exec. sample() is cheap and may be called often: it looks at the GPUs ten times a second.
// One thread at a time.
class Witness {
public:
  Witness(std::optional<DeviceNumber> device, const std::optional<gpu::Nvml>& nvml);
  void sample();
  // At ready: fixes the GPU memory of that moment.
  void ready();
  // Fills the start's device_read_bytes (when a block device lies below), io_pressure_*, gpu.
  void conclude(record::Start& start);

private:
  std::vector<Bytes> gpu_now() const;
  std::optional<DeviceNumber> m_device;
  const std::optional<gpu::Nvml>& m_nvml;
  std::optional<Bytes> m_device_before;
  std::optional<os::IoPressure> m_pressure_before;
  record::GpuMemory m_gpu;
  os::Stamp m_last_sample{};
};

}  // namespace stoker::bench
