#include "stoker/record/summary.hpp"

#include <algorithm>

namespace stoker::record {
namespace {

constexpr std::string_view k_unattributed = "unattributed";

double seconds_in(const Start& start, const std::string& phase) {
  double seconds = 0;
  for (const auto& part : start.phases)
    if (part.name == phase) seconds += part.seconds;
  return seconds;
}

// Every phase that a start had, in the order of time: a phase that the first start lacked comes after the one it
// followed. "unattributed" is no time but a rest, and stands last.
std::vector<std::string> phase_order(const std::vector<const Start*>& starts) {
  std::vector<std::string> order;
  bool rest = false;
  for (const Start* start : starts) {
    auto at = order.begin();
    for (const auto& phase : start->phases) {
      rest |= phase.name == k_unattributed;
      if (phase.name == k_unattributed) continue;
      auto found = std::find(order.begin(), order.end(), phase.name);
      at = (found != order.end() ? found : order.insert(at, phase.name)) + 1;
    }
  }
  if (rest) order.emplace_back(k_unattributed);
  return order;
}

std::optional<Spread> spread_of(const std::vector<const Start*>& starts, std::optional<double> Start::*field) {
  std::vector<double> values;
  for (const Start* start : starts)
    if (start->*field) values.push_back(*(start->*field));
  return spread(std::move(values));
}

// A phase that a start did not have took no time in it: a median over the others would promise it to everybody.
std::vector<Phase> median_phases(const std::vector<const Start*>& starts) {
  std::vector<Phase> phases;
  for (const auto& name : phase_order(starts)) {
    std::vector<double> seconds;
    for (const Start* start : starts) seconds.push_back(seconds_in(*start, name));
    phases.push_back({name, spread(std::move(seconds))->median});
  }
  return phases;
}

ModeSummary summarize_mode(const StartBench& bench, Mode mode) {
  ModeSummary summary;
  summary.mode = mode;
  std::vector<const Start*> starts;
  for (const auto& start : bench.starts) {
    if (start.mode != mode) continue;
    if (start.counts())
      starts.push_back(&start);
    else
      ++summary.invalid;
  }
  summary.valid = starts.size();
  summary.load_s = spread_of(starts, &Start::load_s);
  summary.first_token_s = spread_of(starts, &Start::first_token_s);
  summary.phases = median_phases(starts);
  return summary;
}

// The modes asked for, then any that starts have all the same, each once.
std::vector<Mode> modes_in(const StartBench& bench) {
  std::vector<Mode> modes;
  const auto add = [&](Mode mode) {
    if (std::find(modes.begin(), modes.end(), mode) == modes.end()) modes.push_back(mode);
  };
  for (Mode mode : bench.modes) add(mode);
  for (const auto& start : bench.starts) add(start.mode);
  return modes;
}

const ModeSummary* find(const StartSummary& summary, Mode mode) {
  for (const auto& candidate : summary.modes)
    if (candidate.mode == mode) return &candidate;
  return nullptr;
}

void compare(const StartBench& bench, StartSummary& summary) {
  summary.cold_minus_warm =
      paired(bench, {Mode::cold, Mode::warm}, [](const Start& start) { return start.load_s; });
  if (!summary.cold_minus_warm || !summary.cold_minus_warm->distinct()) return;
  const auto& cold = *find(summary, Mode::cold)->load_s;
  const auto& warm = *find(summary, Mode::warm)->load_s;
  if (warm.median > 0) summary.cold_over_warm = cold.median / warm.median;
  const double more = summary.cold_minus_warm->mean;
  if (more <= 0 || bench.weight_bytes == 0 || bench.cold_scope != ColdScope::weights) return;
  summary.implied_bytes_per_s = static_cast<double>(bench.weight_bytes) / more;
  if (const auto ceiling = bench.host.device_ceiling_bytes_per_s; ceiling && *ceiling > 0)
    summary.implied_over_ceiling = *summary.implied_bytes_per_s / *ceiling;
}

}  // namespace

StartSummary summarize(const StartBench& bench) {
  StartSummary summary;
  for (Mode mode : modes_in(bench)) summary.modes.push_back(summarize_mode(bench, mode));
  compare(bench, summary);
  return summary;
}

std::optional<Difference> paired(const StartBench& bench, Modes modes, const Measure& measure) {
  std::vector<std::optional<double>> minuends, subtrahends;  // by round, with the rounds that do not count
  for (const auto& start : bench.starts) {
    const auto value = start.counts() ? measure(start) : std::nullopt;
    if (start.mode == modes.minuend) minuends.push_back(value);
    if (start.mode == modes.subtrahend) subtrahends.push_back(value);
  }
  std::vector<double> a, b;
  for (std::size_t round = 0; round < std::min(minuends.size(), subtrahends.size()); ++round) {
    if (!minuends[round] || !subtrahends[round]) continue;
    a.push_back(*minuends[round]);
    b.push_back(*subtrahends[round]);
  }
  if (a.empty()) return std::nullopt;
  return difference(a, b);
}

}  // namespace stoker::record
