// What a difference between cold and warm says about the storage, and what warming first would give.
#include <fmt/core.h>

#include "stoker/base/text.hpp"
#include "stoker/report/figures.hpp"
#include "stoker/report/markdown.hpp"
#include "stoker/report/start_sections.hpp"

namespace stoker::report {
namespace {

using record::Mode;

// Shares of the ceiling at which the reading changes. Both the ceiling and the difference carry 10-20 % of noise.
constexpr double k_above_ceiling = 1.15;   // more than noise: part of the reading was hidden behind other work
constexpr double k_device_bound = 0.8;     // what is left to gain is within the noise
constexpr double k_small_requests = 0.25;  // one reader without depth still gets a quarter; less is page-sized

// A loader that reads the device in warm starts as well goes past the page cache.
constexpr double k_goes_past_cache = 0.5;

double ceiling_seconds(const record::StartBench& bench) {
  return static_cast<double>(bench.weight_bytes) / *bench.host.device_ceiling_bytes_per_s;
}

std::string median_cold_faults(const record::StartBench& bench) {
  std::vector<double> faults;
  for (const auto* start : counting(bench, Mode::cold)) faults.push_back(static_cast<double>(start->major_faults));
  const auto spread = record::spread(std::move(faults));
  return spread ? fmt::format("{:.0f}", spread->median) : k_unmeasured;
}

std::string far_below(const record::StartBench& bench) {
  std::string text = fmt::format(
      "The device is not the limit. Page-sized faults or CPU work on each page are the usual causes: a cold start had {} major faults",
      median_cold_faults(bench));
  if (bench.host.read_ahead_kib) text += fmt::format(", readahead is {} KiB", *bench.host.read_ahead_kib);
  return text + fmt::format(". Read at the ceiling, the weights would take {}.", seconds(ceiling_seconds(bench)));
}

std::string meaning(const record::StartBench& bench, const record::StartSummary& summary) {
  const double fraction = *summary.implied_over_ceiling;
  const double in_reading = ceiling_seconds(bench), difference = summary.cold_minus_warm->mean;
  if (fraction > k_above_ceiling)
    return fmt::format("More than the device gives: the weights need {} at the ceiling, the start grew by {} only. The engine reads "
                       "while it does other work, or part of the bytes came from a cache that cannot be seen from here.",
                       seconds(in_reading), seconds(difference));
  if (fraction >= k_device_bound)
    return "The device is the limit: only fewer bytes, a faster device or weights made resident before the start will help.";
  if (fraction >= k_small_requests)
    return fmt::format("The device gives more than the engine asks of it: read at the ceiling, the weights would take {} instead of "
                       "{}. More reads in flight could give back up to {}.",
                       seconds(in_reading), seconds(difference), seconds(difference - in_reading));
  return far_below(bench);
}

std::string implied(const record::StartBench& bench, const record::StartSummary& summary) {
  const auto& difference = *summary.cold_minus_warm;
  const auto weights = static_cast<double>(bench.weight_bytes);
  std::string text = fmt::format("{} of weights in {} more: {} implied, {} to {} by the interval.", decimal_bytes(bench.weight_bytes),
                                 seconds(difference.mean), format_rate(*summary.implied_bytes_per_s),
                                 format_rate(weights / *difference.high), format_rate(weights / *difference.low));
  if (!summary.implied_over_ceiling) return text + " The device's ceiling was not measured, so there is nothing to compare it with.";
  text += fmt::format(" The device's ceiling, measured in this invocation, is {} ({}): the implied rate is {} of it. ",
                      format_rate(*bench.host.device_ceiling_bytes_per_s),
                      bench.host.device_ceiling_method.empty() ? "direct reads" : inline_text(bench.host.device_ceiling_method),
                      ratio(*summary.implied_over_ceiling));
  return text + meaning(bench, summary);
}

std::string left_over(const record::StartBench& bench, const record::StartSummary& summary) {
  const double more = summary.cold_minus_warm->mean;
  const auto cold = record::spread([&] {
    std::vector<double> loads;
    for (const auto* start : counting(bench, Mode::cold)) loads.push_back(*start->load_s);
    return loads;
  }());
  if (!cold || cold->median <= 0) return {};
  return fmt::format("\nStorage is {} of a cold start. On storage of any speed the other {} remain.\n", share(more / cold->median),
                     seconds(cold->median - more));
}

std::string without_implied(const record::StartBench& bench, const record::StartSummary& summary) {
  const auto& difference = summary.cold_minus_warm;
  if (!difference || !difference->distinct()) return "No rate is implied, since no difference between cold and warm can be stated.";
  if (difference->mean <= 0) return "No rate is implied, since the cold starts were not the slower ones.";
  if (bench.cold_scope != record::ColdScope::weights)
    return fmt::format("No rate is implied: with cold scope {} the {} more are not the weights' alone.", to_string(bench.cold_scope),
                       seconds(difference->mean));
  return "No rate is implied, since the size of the weights is unknown.";
}

std::string past_the_cache(const record::StartBench& bench) {
  const auto warm = counting(bench, Mode::warm);
  const auto read = median_of(warm, &record::Start::device_weight_bytes);
  const auto resident = median_of(warm, &record::Start::residency_before);
  if (!read || !resident || bench.weight_bytes == 0 || *resident < 1 - k_goes_past_cache) return {};
  if (*read < k_goes_past_cache * static_cast<double>(bench.weight_bytes)) return {};
  return fmt::format("\nWarm starts read {} of weights from the device although they were resident: this loader goes past the page "
                     "cache, and warming does nothing for it.\n",
                     bytes(read));
}

std::optional<double> with_warming(const record::Start& start) {
  return start.load_s ? std::optional(*start.load_s + start.warm_s.value_or(0)) : std::nullopt;
}

std::string prewarm_sentence(const record::StartBench& bench, Mode mode) {
  const auto starts = counting(bench, mode);
  if (starts.empty()) return {};
  std::vector<double> totals;
  for (const auto* start : starts) totals.push_back(*with_warming(*start));
  const std::string basis = starts.size() == 1 ? "measured once" : fmt::format("medians of {}", starts.size());
  std::string text = fmt::format("- {}: {} of warming, {} of start, {} in all ({}).", to_string(mode),
                                 seconds(median_of(starts, &record::Start::warm_s)), seconds(median_of(starts, &record::Start::load_s)),
                                 seconds(record::spread(std::move(totals))->median), basis);
  const auto saved = record::paired(bench, {Mode::cold, mode}, with_warming);
  if (!saved || mode != Mode::prewarm_cold) return text + "\n";
  if (saved->pairs == 1) return text + " One pair with a cold start has no interval, so no difference can be stated.\n";
  if (!saved->distinct())
    return text + fmt::format(" Against a cold start no difference can be stated ({}, {}).\n", interval(*saved), counted(saved->pairs, "pair"));
  return text + fmt::format(" Warming first {} against a cold start: {} by the interval.\n",
                            saved->mean > 0 ? "pays " + seconds(saved->mean) : "costs " + seconds(-saved->mean), interval(*saved));
}

}  // namespace

std::string bandwidth_section(const StartView& view) {
  const auto& [bench, summary] = view;
  const bool both = !counting(bench, Mode::cold).empty() && !counting(bench, Mode::warm).empty();
  if (!both) return {};
  std::string text = "## What the difference implies\n\n";
  if (summary.implied_bytes_per_s)
    text += implied(bench, summary) + "\n" + left_over(bench, summary);
  else
    text += without_implied(bench, summary) + "\n";
  return text + past_the_cache(bench);
}

std::string prewarm_section(const StartView& view) {
  const std::string text = prewarm_sentence(view.bench, Mode::prewarm_cold) + prewarm_sentence(view.bench, Mode::prewarm_warm);
  return text.empty() ? "" : "## Warming first\n\n" + text;
}

}  // namespace stoker::report
