// What the valid starts of one invocation say together.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "stoker/record/start.hpp"
#include "stoker/record/statistics.hpp"

namespace stoker::record {

struct ModeSummary {
  Mode mode = Mode::cold;
  std::size_t valid = 0, invalid = 0;
  std::optional<Spread> load_s, first_token_s;
  std::vector<Phase> phases;  // median of each, in order
};

struct StartSummary {
  std::vector<ModeSummary> modes;               // in the order asked for
  std::optional<Difference> cold_minus_warm;    // over interleaved pairs of valid runs
  std::optional<double> cold_over_warm;         // ratio of the medians; only when the difference is distinct
  // weight bytes ÷ (cold − warm): the rate at which the weights seem to have come; only when distinct and positive
  std::optional<double> implied_bytes_per_s;
  std::optional<double> implied_over_ceiling;
};

StartSummary summarize(const StartBench& bench);

}  // namespace stoker::record
