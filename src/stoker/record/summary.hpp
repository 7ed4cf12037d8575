// What the valid starts of one invocation say together. Pure, thread-safe.
#pragma once

#include <functional>
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
  std::optional<Difference> cold_minus_warm;    // over the rounds in which both are valid; nothing without one
  std::optional<double> cold_over_warm;         // ratio of the medians; only when the difference is distinct
  // weight bytes ÷ (cold − warm): the rate at which the weights seem to have come; only when distinct and positive,
  // and only for cold scope `weights`: with more evicted, the difference is not the weights' alone
  std::optional<double> implied_bytes_per_s;
  std::optional<double> implied_over_ceiling;
};

StartSummary summarize(const StartBench& bench);

// What a start took for the purpose of a comparison; nothing when it was not measured.
using Measure = std::function<std::optional<double>(const Start&)>;

struct Modes {
  Mode minuend, subtrahend;
};
// minuend − subtrahend over rounds: the i-th start of one mode with the i-th start of the other, as they were run
// one after the other. A round in which one of them does not count is dropped. Nothing without a round.
std::optional<Difference> paired(const StartBench& bench, Modes modes, const Measure& measure);

}  // namespace stoker::record
