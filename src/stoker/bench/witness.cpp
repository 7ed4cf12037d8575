#include "stoker/bench/witness.hpp"

#include <algorithm>

#include "stoker/os/block.hpp"

namespace stoker::bench {
namespace {

constexpr Seconds k_gpu_interval{0.1};  // a look costs about a millisecond; memory peaks last longer than this

std::optional<Bytes> read_so_far(const std::optional<DeviceNumber>& device) {
  return device ? os::device_read_bytes(device->major, device->minor) : std::nullopt;
}

}  // namespace

Witness::Witness(std::optional<DeviceNumber> device, const std::optional<gpu::Nvml>& nvml)
    : m_device(device), m_nvml(nvml), m_device_before(read_so_far(device)), m_pressure_before(os::io_pressure()) {
  m_gpu.before = m_gpu.peak = gpu_now();
}

std::vector<Bytes> Witness::gpu_now() const {
  if (!m_nvml) return {};
  return m_nvml->memory_used().value_or(std::vector<Bytes>{});
}

void Witness::sample() {
  if (!m_nvml || os::since(m_last_sample) < k_gpu_interval) return;
  m_last_sample = os::now();
  const auto used = gpu_now();
  for (std::size_t i = 0; i < std::min(used.size(), m_gpu.peak.size()); ++i) m_gpu.peak[i] = std::max(m_gpu.peak[i], used[i]);
}

void Witness::ready() {
  m_gpu.ready = gpu_now();
  m_last_sample = {};
  sample();
}

void Witness::conclude(record::Start& start) {
  const auto after = read_so_far(m_device);
  if (m_device_before && after) start.device_read_bytes = *after - *m_device_before;
  const auto pressure = os::io_pressure();
  if (m_pressure_before && pressure) {
    start.io_pressure_some_s = (pressure->some - m_pressure_before->some).count();
    start.io_pressure_full_s = (pressure->full - m_pressure_before->full).count();
  }
  if (m_nvml) start.gpu = m_gpu;
}

}  // namespace stoker::bench
