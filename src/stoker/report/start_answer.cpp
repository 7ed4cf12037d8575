// The answer in front of everything: one or two sentences that hold when nothing else is read.
#include <fmt/core.h>

#include "stoker/base/text.hpp"
#include "stoker/report/figures.hpp"
#include "stoker/report/start_sections.hpp"

namespace stoker::report {
namespace {

using record::Mode;
using record::ModeSummary;

const ModeSummary* valid_mode(const record::StartSummary& summary, Mode mode) {
  for (const auto& candidate : summary.modes)
    if (candidate.mode == mode && candidate.load_s) return &candidate;
  return nullptr;
}

std::string median_text(const ModeSummary& mode) {
  return fmt::format("{} {}", to_string(mode.mode), seconds(mode.load_s->median));
}

// "cold 33.9 s, warm 26.2 s" with how many runs stand behind it.
std::string both(const ModeSummary& cold, const ModeSummary& warm) {
  if (cold.valid == 1 && warm.valid == 1) return fmt::format("{}, {}", median_text(cold), median_text(warm));
  if (cold.valid == warm.valid) return fmt::format("{}, {} (medians of {})", median_text(cold), median_text(warm), cold.valid);
  return fmt::format("{} (median of {}), {} (median of {})", median_text(cold), cold.valid, median_text(warm), warm.valid);
}

std::string distinct_answer(const std::string& medians, const record::StartSummary& summary) {
  const auto& difference = *summary.cold_minus_warm;
  const double size = difference.mean < 0 ? -difference.mean : difference.mean;
  const std::string found = fmt::format("{}: {} {} cold on average over {} pairs, 95 % interval {}", medians, seconds(size),
                                        difference.mean < 0 ? "less" : "more", difference.pairs, interval(difference));
  if (difference.mean < 0)
    return found + ". Cold cannot be faster by itself: something other than the page cache differs between the two modes.";
  return found + (summary.cold_over_warm ? fmt::format("; a factor of {}.", ratio(*summary.cold_over_warm)) : ".");
}

std::string comparison(const ModeSummary& cold, const ModeSummary& warm, const record::StartSummary& summary) {
  const std::string medians = both(cold, warm);
  const auto& difference = summary.cold_minus_warm;
  if (!difference)
    return fmt::format("No difference can be stated: {}, but in no round do both count.", medians);
  if (difference->pairs == 1)
    return fmt::format("No difference can be stated: {}, one pair, so no interval. At least two are needed, five are better.", medians);
  if (difference->distinct()) return sentence_case(distinct_answer(medians, summary));
  return fmt::format("No difference can be stated: {}, but the 95 % interval of cold minus warm, {} over {} pairs, includes zero. "
                     "A difference under {} does not show in {} pairs that scatter like these.",
                     medians, interval(*difference), difference->pairs, seconds((*difference->high - *difference->low) / 2),
                     difference->pairs);
}

std::string single(const record::StartBench& bench, const ModeSummary& mode) {
  const auto& load = *mode.load_s;
  const auto warming = median_of(counting(bench, mode.mode), &record::Start::warm_s);
  const std::string after = warming ? fmt::format(" after {} of warming", seconds(warming)) : "";
  if (load.count == 1) return fmt::format("A {} start took {}{}, measured once.", to_string(mode.mode), seconds(load.median), after);
  return fmt::format("A {} start takes {}{}, median of {}, between {} and {}.", to_string(mode.mode), seconds(load.median), after,
                     load.count, seconds(load.minimum), seconds(load.maximum));
}

std::string figures_of(const record::StartBench& bench, const record::StartSummary& summary) {
  const auto* cold = valid_mode(summary, Mode::cold);
  const auto* warm = valid_mode(summary, Mode::warm);
  std::vector<std::string> sentences;
  if (cold != nullptr && warm != nullptr) sentences.push_back(comparison(*cold, *warm, summary));
  for (const auto& mode : summary.modes) {
    const bool told = (&mode == cold || &mode == warm) && cold != nullptr && warm != nullptr;
    if (mode.load_s && !told) sentences.push_back(single(bench, mode));
  }
  return join(sentences, " ");
}

std::string first_reason(const record::StartBench& bench) {
  for (const auto& start : bench.starts)
    if (!start.counts()) return printable(start.why_invalid(), 300);
  return {};
}

std::string left_out(const StartView& view) {
  std::string modes;
  std::size_t invalid = 0;
  for (const auto& mode : view.summary.modes) {
    if (mode.invalid == 0) continue;
    invalid += mode.invalid;
    modes += fmt::format("{}{} {}", modes.empty() ? "" : ", ", mode.invalid, to_string(mode.mode));
  }
  if (invalid == 0) return {};
  return fmt::format(" {} of {} starts {} invalid and left out ({}).", invalid, view.bench.starts.size(),
                     invalid == 1 ? "is" : "are", modes);
}

}  // namespace

std::string start_answer(const StartView& view) {
  const auto& bench = view.bench;
  const std::string stopped =
      bench.interrupted.empty() ? "" : fmt::format(" The measurement ended early: {}.", printable(bench.interrupted, 300));
  if (bench.starts.empty()) return "Nothing was measured: no start was made." + stopped;
  const std::string found = figures_of(bench, view.summary);
  if (found.empty())
    return fmt::format("Nothing can be said: none of {} counts. The first because: {}.",
                       counted(bench.starts.size(), "start"), first_reason(bench)) + stopped;
  return found + left_out(view) + stopped;
}

}  // namespace stoker::report
