// What was run, and what came out: by mode and by start.
#include <fmt/format.h>

#include "stoker/base/text.hpp"
#include "stoker/report/figures.hpp"
#include "stoker/report/markdown.hpp"
#include "stoker/report/start_sections.hpp"

namespace stoker::report {
namespace {

std::string scope_text(record::ColdScope scope) {
  switch (scope) {
    case record::ColdScope::weights: return "weights: only the weight files are evicted";
    case record::ColdScope::all: return "all: the weight files and the engine's own files are evicted";
    case record::ColdScope::fresh: return "fresh: everything evicted, compile and JIT caches empty, no bytecode";
  }
  return "unknown";
}

std::string or_dash(const std::string& foreign) { return foreign.empty() ? k_unmeasured : inline_text(foreign); }

std::string mode_names(const std::vector<record::Mode>& modes) {
  std::vector<std::string> names;
  for (auto mode : modes) names.emplace_back(to_string(mode));
  return names.empty() ? k_unmeasured : join(names, ", ");
}

std::string weights_text(const record::StartBench& bench) {
  std::string text = fmt::format("{} in {}", format_bytes(bench.weight_bytes), counted(bench.weight_files, "file"));
  return bench.weight_format.empty() ? text : text + ", " + inline_text(bench.weight_format);
}

// "32.9 s - 34.8 s", and how far single starts lie apart.
std::string range(const std::optional<record::Spread>& spread) {
  if (!spread || spread->count < 2) return k_unmeasured;
  return fmt::format("{} to {}", seconds(spread->minimum), seconds(spread->maximum));
}

std::string median(const std::optional<record::Spread>& spread) {
  return seconds(spread ? std::optional(spread->median) : std::nullopt);
}

std::string deviation(const std::optional<record::Spread>& spread) {
  return spread && spread->count > 1 ? seconds(spread->deviation) : k_unmeasured;
}

std::string before_after(const std::optional<double>& before, const std::optional<double>& after) {
  if (!before && !after) return k_unmeasured;
  return share(before) + " → " + share(after);
}

// "14.2 GiB (14.2 GiB + 42.0 MiB)": all, of it weights and the rest.
std::string device_text(std::optional<double> all, std::optional<double> weights, std::optional<double> rest) {
  if (!weights && !rest) return bytes(all);
  return fmt::format("{} ({} + {})", bytes(all), bytes(weights), bytes(rest));
}

std::optional<double> as_double(const std::optional<Bytes>& value) {
  return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
}

std::string median_faults(const std::vector<const record::Start*>& starts) {
  std::vector<double> faults;
  for (const auto* start : starts) faults.push_back(static_cast<double>(start->major_faults));
  const auto spread = record::spread(std::move(faults));
  return spread ? fmt::format("{:.0f}", spread->median) : k_unmeasured;
}

std::string median_gpu(const std::vector<const record::Start*>& starts) {
  std::vector<double> ready;
  for (const auto* start : starts)
    if (const auto megabytes = start->gpu_mem_used_mb()) ready.push_back(static_cast<double>(*megabytes) * 1e6);
  const auto spread = record::spread(std::move(ready));
  return bytes(spread ? std::optional(spread->median) : std::nullopt);
}

std::vector<std::string> result_row(const record::StartBench& bench, const record::ModeSummary& mode) {
  const auto starts = counting(bench, mode.mode);
  return {std::string(to_string(mode.mode)),
          fmt::to_string(mode.valid),
          fmt::to_string(mode.invalid),
          median(mode.load_s),
          range(mode.load_s),
          deviation(mode.load_s),
          median(mode.first_token_s),
          median_gpu(starts),
          device_text(median_of(starts, &record::Start::device_read_bytes), median_of(starts, &record::Start::device_weight_bytes),
                      median_of(starts, &record::Start::device_other_bytes)),
          median_faults(starts),
          before_after(median_of(starts, &record::Start::residency_before), median_of(starts, &record::Start::residency_after))};
}

std::string gpu_text(const record::Start& start) {
  if (!start.gpu) return k_unmeasured;
  const auto& [before, ready, peak] = *start.gpu;
  const auto held = [](const std::vector<Bytes>& devices) { return devices.empty() ? k_unmeasured : format_bytes(total(devices)); };
  const std::string text = fmt::format("{} → {} (peak {})", held(before), held(ready), held(peak));
  return ready.size() < 2 ? text : fmt::format("{}, {} GPUs", text, ready.size());
}

std::string pressure(const record::Start& start) {
  if (!start.io_pressure_some_s && !start.io_pressure_full_s) return k_unmeasured;
  return fmt::format("{} / {}", seconds(start.io_pressure_some_s), seconds(start.io_pressure_full_s));
}

// A start that never ran, or whose state was refused, had no faults to count.
std::string faults(const record::Start& start) {
  return start.major_faults == 0 && !start.counts() ? k_unmeasured : fmt::to_string(start.major_faults);
}

std::string notes(const record::Start& start) {
  std::vector<std::string> parts;
  if (!start.counts()) parts.push_back("invalid: " + start.why_invalid());
  parts.insert(parts.end(), start.notes.begin(), start.notes.end());
  return inline_text(join(parts, "; "));
}

std::vector<std::string> run_row(const record::Start& start) {
  return {inline_text(start.run_id),
          std::string(to_string(start.mode)),
          start.counts() ? seconds(start.load_s) : k_unmeasured,
          seconds(start.first_token_s),
          seconds(start.warm_s),
          gpu_text(start),
          device_text(as_double(start.device_read_bytes), as_double(start.device_weight_bytes), as_double(start.device_other_bytes)),
          bytes(start.tree_read_bytes),
          faults(start),
          pressure(start),
          before_after(start.residency_before, start.residency_after),
          notes(start)};
}

}  // namespace

std::string config_section(const StartView& view) {
  const auto& bench = view.bench;
  Table table{{"server", ""},
              {{"engine", inline_text(bench.engine)},
               {"engine version", or_dash(bench.engine_version)},
               {"model", inline_text(bench.model)},
               {"model path", or_dash(bench.model_path)},
               {"model found in", or_dash(bench.model_from)},
               {"weights", weights_text(bench)},
               {"max_model_len", bench.max_model_len ? fmt::to_string(*bench.max_model_len) : "not set"},
               {"port", fmt::to_string(bench.port)},
               {"cold scope", scope_text(bench.cold_scope)},
               {"modes", mode_names(bench.modes)},
               {"runs a mode", fmt::to_string(bench.runs)},
               {"gap after a run", seconds(bench.cooldown_s)},
               {"measured", fmt::format("{} to {}", or_dash(bench.began), or_dash(bench.ended))},
               {"stoker", or_dash(bench.stoker_version)}}};
  return "## Server\n\n" + markdown(table) + "\nThe command as it was run:\n\n" + fenced({shell_quote(bench.command)}, "sh");
}

std::string results_section(const StartView& view) {
  Table table{{"mode", "valid", "invalid", "load, median", "min to max", "deviation", "first token", "GPU memory",
               "from device (weights + rest)", "major faults", "residency"},
              {}};
  for (const auto& mode : view.summary.modes) table.rows.push_back(result_row(view.bench, mode));
  if (table.rows.empty()) return {};
  return "## Results by mode\n\n" + markdown(table) +
         "\nLoad is exec to ready, first token is exec to the answer of a one-token completion. Of the valid starts; where no range is "
         "given, the median. Residency: share of the weight files in the page cache, before → after.\n";
}

std::string runs_section(const StartView& view) {
  Table table{{"run", "mode", "load", "first token", "warming", "GPU memory", "from device (weights + rest)",
               "read by engine", "major faults", "waiting for I/O (some / full)", "residency", "notes"},
              {}};
  for (const auto& start : view.bench.starts) table.rows.push_back(run_row(start));
  return table.rows.empty() ? "" : "## Every start\n\n" + markdown(table);
}

}  // namespace stoker::report
