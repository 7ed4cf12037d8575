// GPUs as NVML shows them. libnvidia-ml is opened at run time: without it there are simply no GPUs.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/base/units.hpp"

namespace stoker::gpu {

struct Device {
  unsigned index = 0;
  std::string name;
  std::string uuid;
  Bytes memory_total = 0;
};

struct ProcessOnGpu {
  unsigned device = 0;
  pid_t pid = 0;  // in our pid namespace where NVML knows it
  Bytes memory = 0;
};

// Thread-safe after open.
class Nvml {
public:
  // `library` is for tests. Errors: unsupported (no library, no driver), each with its reason.
  static Result<Nvml> open(const std::string& library = "libnvidia-ml.so.1");
  Nvml(Nvml&&) noexcept;
  Nvml& operator=(Nvml&&) noexcept;
  ~Nvml();

  [[nodiscard]] const std::vector<Device>& devices() const;
  [[nodiscard]] const std::string& driver() const;
  // Memory in use on each device, in the order of devices().
  [[nodiscard]] Result<std::vector<Bytes>> memory_used() const;
  // Compute and graphics processes on all devices.
  [[nodiscard]] Result<std::vector<ProcessOnGpu>> processes() const;

private:
  struct Library;
  explicit Nvml(std::unique_ptr<Library> library);
  std::unique_ptr<Library> m_library;
};

}  // namespace stoker::gpu
