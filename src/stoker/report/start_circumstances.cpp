// What the figures depend on beside the weights, and what went wrong: states, host, invalid starts, warnings.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "stoker/base/text.hpp"
#include "stoker/report/figures.hpp"
#include "stoker/report/markdown.hpp"
#include "stoker/report/start_sections.hpp"

namespace stoker::report {
namespace {

constexpr std::size_t k_reasons_shown = 3;  // of one state; more differ only in a number
constexpr std::size_t k_lines_shown = 20;   // of a failed engine; the JSON has them all

struct StateGroup {
  std::vector<std::string> reasons;
  std::map<record::Mode, std::size_t> starts;
  std::optional<Bytes> fewest, most;
};

using StateKey = std::pair<std::string, std::pair<std::string, std::string>>;  // what, state, path

void add(StateGroup& group, record::Mode mode, const record::FileState& state) {
  ++group.starts[mode];
  if (!state.reason.empty() && std::find(group.reasons.begin(), group.reasons.end(), state.reason) == group.reasons.end())
    group.reasons.push_back(state.reason);
  if (!state.bytes) return;
  group.fewest = std::min(group.fewest.value_or(*state.bytes), *state.bytes);
  group.most = std::max(group.most.value_or(0), *state.bytes);
}

std::string reasons_text(const std::vector<std::string>& reasons) {
  std::vector<std::string> shown(reasons.begin(), reasons.begin() + static_cast<std::ptrdiff_t>(std::min(reasons.size(), k_reasons_shown)));
  std::string text = inline_text(join(shown, "; "));
  if (reasons.size() > k_reasons_shown) text += fmt::format("; and {} more", reasons.size() - k_reasons_shown);
  return text.empty() ? k_unmeasured : text;
}

std::string size_text(const StateGroup& group) {
  if (!group.fewest) return k_unmeasured;
  const std::string fewest = format_bytes(*group.fewest), most = format_bytes(*group.most);
  return fewest == most ? fewest : fmt::format("{} to {}", fewest, most);
}

std::string starts_text(const StateGroup& group, std::size_t all) {
  std::size_t total = 0;
  std::vector<std::string> modes;
  for (const auto& [mode, count] : group.starts) {
    total += count;
    modes.push_back(fmt::format("{} {}", count, to_string(mode)));
  }
  return total == all ? "all" : join(modes, ", ");
}

std::string bytecode_sentence(const record::StartBench& bench) {
  for (const auto& start : bench.starts)
    for (const auto& state : start.states)
      if (state.what == "bytecode" && (state.state == "none" || state.state == "partial"))
        return fmt::format("\nBytecode was {} ({}): every process of the engine compiles Python modules again at each start. Give it "
                           "bytecode before judging the storage.\n",
                           state.state == "none" ? "missing" : "incomplete",
                           state.reason.empty() ? "no reason known" : inline_text(state.reason));
  return {};
}

void add_row(Table& table, const std::string& name, const std::string& foreign) {
  if (!foreign.empty()) table.rows.push_back({name, inline_text(foreign)});
}

std::string ceiling_text(const record::HostFacts& host) {
  if (!host.device_ceiling_bytes_per_s) return "not measured";
  const std::string rate = format_rate(*host.device_ceiling_bytes_per_s);
  return host.device_ceiling_method.empty() ? rate : rate + ", " + host.device_ceiling_method;
}

void add_machine(Table& table, const record::HostFacts& host) {
  add_row(table, "kernel", host.kernel);
  add_row(table, "distribution", host.distribution);
  add_row(table, "CPU", host.cores == 0 ? host.cpu : fmt::format("{}, {}", host.cpu.empty() ? "unknown" : host.cpu, counted(host.cores, "core")));
  add_row(table, "virtualization", host.virtualization.empty() ? "none found" : host.virtualization);
  if (host.memory_total > 0)
    add_row(table, "memory", fmt::format("{}, {} available", format_bytes(host.memory_total), format_bytes(host.memory_available)));
  if (host.cgroup_memory_limit) add_row(table, "memory limit of the cgroup", format_bytes(*host.cgroup_memory_limit));
  add_row(table, "GPUs", host.gpus.empty() ? "none" : join(host.gpus, ", "));
  add_row(table, "GPU driver", host.gpu_driver);
}

void add_path(Table& table, const record::HostFacts& host) {
  add_row(table, "mount", host.mount_point.empty() ? "" : fmt::format("{} from {}", host.mount_point, host.mount_source));
  add_row(table, "filesystem", host.filesystem.empty() ? "" : fmt::format("{} ({})", host.filesystem, host.filesystem_kind));
  add_row(table, "mount options", host.mount_options);
  add_row(table, "device", host.device_model.empty() ? host.device : fmt::format("{}, {}", host.device, host.device_model));
  add_row(table, "scheduler", host.scheduler);
  if (host.read_ahead_kib) add_row(table, "readahead", fmt::format("{} KiB", *host.read_ahead_kib));
  if (host.rotational) add_row(table, "rotational", *host.rotational ? "yes" : "no");
  add_row(table, "device ceiling", ceiling_text(host));
}

}  // namespace

std::string states_section(const StartView& view) {
  std::vector<StateKey> order;
  std::map<StateKey, StateGroup> groups;
  for (const auto& start : view.bench.starts)
    for (const auto& state : start.states) {
      const StateKey key{state.what, {state.state, state.path}};
      if (!groups.contains(key)) order.push_back(key);
      add(groups[key], start.mode, state);
    }
  Table table{{"what", "state", "why, or how much", "size", "where", "starts"}, {}};
  for (const auto& key : order) {
    const auto& group = groups[key];
    const auto& [what, rest] = key;
    table.rows.push_back({inline_text(what), inline_text(rest.first), reasons_text(group.reasons), size_text(group),
                          rest.second.empty() ? k_unmeasured : inline_text(rest.second), starts_text(group, view.bench.starts.size())});
  }
  if (table.rows.empty()) return {};
  return "## What else the starts depend on\n\n" + markdown(table) + bytecode_sentence(view.bench);
}

std::string host_section(const StartView& view) {
  Table table{{"host", ""}, {}};
  add_machine(table, view.bench.host);
  add_path(table, view.bench.host);
  return "## Host\n\n" + markdown(table);
}

std::string invalid_section(const StartView& view) {
  Table table{{"run", "mode", "why", "how it ended"}, {}};
  std::string lines;
  for (const auto& start : view.bench.starts) {
    if (start.counts()) continue;
    table.rows.push_back({inline_text(start.run_id), std::string(to_string(start.mode)), inline_text(start.why_invalid()),
                          start.exit ? inline_text(*start.exit) : k_unmeasured});
    if (start.last_lines.empty()) continue;
    const auto shown = std::min(start.last_lines.size(), k_lines_shown);
    lines += fmt::format("\nLast lines of {}:\n\n", inline_text(start.run_id)) +
             fenced({start.last_lines.end() - static_cast<std::ptrdiff_t>(shown), start.last_lines.end()});
  }
  if (table.rows.empty()) return {};
  return "## Invalid starts\n\nIn no statistic above.\n\n" + markdown(table) + lines;
}

std::string warnings_section(const StartView& view) {
  std::string text;
  for (const auto& warning : view.bench.warnings) text += "- " + inline_text(warning) + "\n";
  return text.empty() ? "" : "## Warnings\n\n" + text;
}

}  // namespace stoker::report
