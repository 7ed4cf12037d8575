// One start from one state: prepared, proved, launched, watched, recorded, ended.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/bench/facts.hpp"
#include "stoker/bench/footprint.hpp"
#include "stoker/bench/start.hpp"
#include "stoker/bench/state.hpp"
#include "stoker/engine/python.hpp"
#include "stoker/gpu/nvml.hpp"
#include "stoker/record/start.hpp"

namespace stoker::bench {

// What all starts of one invocation share.
struct Stage {
  const StartPlan& plan;
  Weights weights;
  std::optional<gpu::Nvml> nvml;
  std::optional<engine::Python> python;
  std::optional<DeviceNumber> device;
  Reading reading;                        // direct: by the command's flags
  std::vector<std::string> candidates;    // for the cold scopes all and fresh
  std::optional<Footprint> footprint;     // learned before the first run
  std::string engine_version;             // learned from the first log that names it
};

// Starts once, unrecorded, to learn the footprint. Errors: those of a start.
Result<Footprint> learn_footprint(Stage& stage, const std::stop_token& stop);

// The record is filled as far as the start came. Errors: ended, timeout, cancelled, busy and the like: the
// record then says so too, is invalid, and no further start makes sense.
Status one_start(Stage& stage, record::Mode mode, record::Start& start, const std::stop_token& stop);

}  // namespace stoker::bench
