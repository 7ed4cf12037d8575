// The table that a terminal gets: plain ASCII, for fonts and logs of every kind.
#include <fmt/core.h>

#include "stoker/report/figures.hpp"
#include "stoker/report/markdown.hpp"
#include "stoker/report/start_markdown.hpp"
#include "stoker/report/start_sections.hpp"

namespace stoker::report {
namespace {

std::string spread_text(const std::optional<record::Spread>& spread) {
  if (!spread) return k_unmeasured;
  if (spread->count == 1) return "one run";
  return fmt::format("{} - {}", seconds(spread->minimum), seconds(spread->maximum));
}

std::string residency(const std::vector<const record::Start*>& starts) {
  return fmt::format("{} -> {}", share(median_of(starts, &record::Start::residency_before)),
                     share(median_of(starts, &record::Start::residency_after)));
}

std::vector<std::string> row(const record::StartBench& bench, const record::ModeSummary& mode) {
  const auto starts = counting(bench, mode.mode);
  const auto median = [](const std::optional<record::Spread>& spread) {
    return seconds(spread ? std::optional(spread->median) : std::nullopt);
  };
  return {std::string(to_string(mode.mode)),
          fmt::format("{} of {}", mode.valid, mode.valid + mode.invalid),
          median(mode.load_s),
          spread_text(mode.load_s),
          median(mode.first_token_s),
          bytes(median_of(starts, &record::Start::device_read_bytes)),
          starts.empty() ? k_unmeasured : residency(starts)};
}

}  // namespace

std::string start_table(const record::StartBench& bench) {
  const auto summary = record::summarize(bench);
  Table table{{"mode", "valid", "median", "min - max", "first token", "from device", "residency"}, {}};
  for (const auto& mode : summary.modes) table.rows.push_back(row(bench, mode));
  return plain(table) + "\n\n" + start_answer({bench, summary});
}

}  // namespace stoker::report
