// Where the seconds went: median phases by mode, and the engine's own numbers beside them.
#include <fmt/core.h>

#include <map>
#include <set>

#include "stoker/report/figures.hpp"
#include "stoker/report/markdown.hpp"
#include "stoker/report/start_sections.hpp"

namespace stoker::report {
namespace {

using record::ModeSummary;

std::vector<const ModeSummary*> modes_with_phases(const record::StartSummary& summary) {
  std::vector<const ModeSummary*> modes;
  for (const auto& mode : summary.modes)
    if (mode.load_s && !mode.phases.empty()) modes.push_back(&mode);
  return modes;
}

std::optional<double> phase_seconds(const ModeSummary& mode, const std::string& name) {
  for (const auto& phase : mode.phases)
    if (phase.name == name) return phase.seconds;
  return std::nullopt;
}

// Names of all modes; each mode is in order already, and "unattributed" ends the table.
std::vector<std::string> names_of(const std::vector<const ModeSummary*>& modes) {
  constexpr const char* k_rest = "unattributed";
  std::vector<std::string> names;
  std::set<std::string> known{k_rest};
  for (const auto* mode : modes)
    for (const auto& phase : mode->phases)
      if (known.insert(phase.name).second) names.push_back(phase.name);
  names.emplace_back(k_rest);
  return names;
}

std::vector<std::string> phase_row(const std::string& name, const std::vector<const ModeSummary*>& modes) {
  std::vector<std::string> row{inline_text(name)};
  for (const auto* mode : modes) {
    const double in_phase = phase_seconds(*mode, name).value_or(0);
    row.push_back(seconds(in_phase));
    row.push_back(mode->load_s->median > 0 ? share(in_phase / mode->load_s->median) : k_unmeasured);
  }
  return row;
}

Table phase_table(const std::vector<const ModeSummary*>& modes) {
  Table table{{"phase"}, {}};
  std::vector<std::string> total{"median start"};
  for (const auto* mode : modes) {
    table.header.emplace_back(to_string(mode->mode));
    table.header.emplace_back("share");
    total.push_back(seconds(mode->load_s->median));
    total.emplace_back("");
  }
  for (const auto& name : names_of(modes)) table.rows.push_back(phase_row(name, modes));
  table.rows.push_back(std::move(total));
  return table;
}

// Which phase the cold seconds are in; only when there are cold seconds to speak of.
std::string where_the_difference_is(const record::StartSummary& summary, const std::vector<const ModeSummary*>& modes) {
  const ModeSummary *cold = nullptr, *warm = nullptr;
  for (const auto* mode : modes) {
    if (mode->mode == record::Mode::cold) cold = mode;
    if (mode->mode == record::Mode::warm) warm = mode;
  }
  if (!cold || !warm || !summary.cold_minus_warm->distinct() || summary.cold_minus_warm->mean <= 0) return {};
  std::string largest;
  double most = 0;
  for (const auto& phase : cold->phases) {
    const double more = phase.seconds - phase_seconds(*warm, phase.name).value_or(0);
    if (more > most) {
      most = more;
      largest = phase.name;
    }
  }
  if (largest.empty()) return {};
  return fmt::format("\nThe phase that grows most when cold is `{}`: {} more (medians; the mean difference of the starts is {}).\n", largest, seconds(most),
                     seconds(summary.cold_minus_warm->mean));
}

Table said_table(const record::StartBench& bench, const record::StartSummary& summary) {
  Table table{{"the engine said"}, {}};
  std::map<std::string, std::vector<std::string>> rows;
  for (const auto& mode : summary.modes)
    for (const auto* start : counting(bench, mode.mode))
      for (const auto& [name, number] : start->engine_said) rows.try_emplace(name);
  for (const auto& mode : summary.modes) {
    if (!mode.load_s) continue;
    table.header.emplace_back(to_string(mode.mode));
    for (auto& [name, cells] : rows) {
      std::vector<double> values;
      for (const auto* start : counting(bench, mode.mode))
        if (const auto found = start->engine_said.find(name); found != start->engine_said.end()) values.push_back(found->second);
      const auto spread = record::spread(std::move(values));
      cells.push_back(spread ? fmt::format("{:.6g}", spread->median) : k_unmeasured);
    }
  }
  for (auto& [name, cells] : rows) {
    cells.insert(cells.begin(), inline_text(name));
    table.rows.push_back(std::move(cells));
  }
  return table;
}

}  // namespace

std::string phases_section(const StartView& view) {
  const auto modes = modes_with_phases(view.summary);
  if (modes.empty()) return {};
  std::string text = "## Where the seconds went\n\n" + markdown(phase_table(modes)) +
                     "\nMedians of each phase, bounded by our own clock at the lines that the engine prints; they need not add up to "
                     "the median start. `unattributed` is what no line explains.\n" +
                     where_the_difference_is(view.summary, modes);
  if (const std::string said = markdown(said_table(view.bench, view.summary)); !said.empty())
    text += "\nThe engine's own numbers, as a cross-check (medians, in its units):\n\n" + said;
  return text;
}

}  // namespace stoker::report
