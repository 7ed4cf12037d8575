// Pressure stall information: time in which some or all tasks waited for storage.
#pragma once

#include <optional>

#include "stoker/base/units.hpp"
#include "stoker/os/root.hpp"

namespace stoker::os {

struct IoPressure {
  Seconds some{}, full{};  // totals since boot; subtract two readings
};

std::optional<IoPressure> io_pressure(const Root& root = {});

}  // namespace stoker::os
