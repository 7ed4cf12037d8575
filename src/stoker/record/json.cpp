#include "stoker/record/json.hpp"

#include "stoker/record/summary.hpp"

namespace stoker::record {
namespace {

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

// Texts that are "" when nothing is known.
Json or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json phases_json(const std::vector<Phase>& phases) {
  Json list = Json::array();
  for (const auto& phase : phases) list.push_back({{"name", phase.name}, {"seconds", phase.seconds}});
  return list;
}

Json gpu_json(const std::optional<GpuMemory>& gpu) {
  if (!gpu) return nullptr;
  return {{"before_bytes", gpu->before}, {"ready_bytes", gpu->ready}, {"peak_bytes", gpu->peak}};
}

Json states_json(const std::vector<FileState>& states) {
  Json list = Json::array();
  for (const auto& state : states)
    list.push_back({{"what", state.what},
                    {"state", state.state},
                    {"reason", or_null(state.reason)},
                    {"path", or_null(state.path)},
                    {"bytes", or_null(state.bytes)}});
  return list;
}

Json said_json(const std::map<std::string, double>& said) {
  Json numbers = Json::object();
  for (const auto& [name, number] : said) numbers[name] = number;
  return numbers;
}

// Where 0 can only mean that nobody looked.
Json known(std::uint64_t number) { return number == 0 ? Json(nullptr) : Json(number); }

Json host_json(const HostFacts& host) {
  return {{"kernel", or_null(host.kernel)},
          {"distribution", or_null(host.distribution)},
          {"cpu", or_null(host.cpu)},
          {"cores", known(host.cores)},
          {"virtualization", or_null(host.virtualization)},
          {"memory_total_bytes", known(host.memory_total)},
          {"memory_available_bytes", known(host.memory_total == 0 ? 0 : host.memory_available)},
          {"cgroup_memory_limit_bytes", or_null(host.cgroup_memory_limit)},
          {"mount_point", or_null(host.mount_point)},
          {"filesystem", or_null(host.filesystem)},
          {"filesystem_kind", or_null(host.filesystem_kind)},
          {"mount_source", or_null(host.mount_source)},
          {"mount_options", or_null(host.mount_options)},
          {"device", or_null(host.device)},
          {"device_model", or_null(host.device_model)},
          {"scheduler", or_null(host.scheduler)},
          {"read_ahead_kib", or_null(host.read_ahead_kib)},
          {"rotational", or_null(host.rotational)},
          {"device_ceiling_bytes_per_s", or_null(host.device_ceiling_bytes_per_s)},
          {"device_ceiling_method", or_null(host.device_ceiling_method)},
          {"gpus", host.gpus},
          {"gpu_driver", or_null(host.gpu_driver)}};
}

Json spread_json(const std::optional<Spread>& spread) {
  if (!spread) return nullptr;
  return {{"count", spread->count}, {"median", spread->median}, {"min", spread->minimum},
          {"max", spread->maximum}, {"mean", spread->mean},     {"deviation", spread->deviation}};
}

Json difference_json(const std::optional<Difference>& difference) {
  if (!difference) return nullptr;
  return {{"pairs", difference->pairs},
          {"mean_s", difference->mean},
          {"low_s", or_null(difference->low)},
          {"high_s", or_null(difference->high)},
          {"distinct", difference->distinct()}};
}

Json summary_json(const StartSummary& summary) {
  Json modes = Json::object();
  for (const auto& mode : summary.modes)
    modes[std::string(to_string(mode.mode))] = {{"valid", mode.valid},
                                                {"invalid", mode.invalid},
                                                {"load_s", spread_json(mode.load_s)},
                                                {"first_token_s", spread_json(mode.first_token_s)},
                                                {"phases", phases_json(mode.phases)}};
  return {{"modes", std::move(modes)},
          {"cold_minus_warm", difference_json(summary.cold_minus_warm)},
          {"cold_over_warm", or_null(summary.cold_over_warm)},
          {"implied_bytes_per_s", or_null(summary.implied_bytes_per_s)},
          {"implied_over_ceiling", or_null(summary.implied_over_ceiling)}};
}

Json modes_json(const std::vector<Mode>& modes) {
  Json names = Json::array();
  for (Mode mode : modes) names.push_back(to_string(mode));
  return names;
}

Json starts_json(const std::vector<Start>& starts) {
  Json list = Json::array();
  for (const auto& start : starts) list.push_back(to_json(start));
  return list;
}

}  // namespace

Json to_json(const Start& start) {
  return {{"run_id", start.run_id},
          {"mode", to_string(start.mode)},
          {"valid", start.counts()},
          {"invalid_reason", or_null(start.why_invalid())},
          {"notes", start.notes},
          {"began", or_null(start.began)},
          // Who averages over all starts must not average over invalid ones.
          {"load_s", start.counts() ? or_null(start.load_s) : nullptr},
          {"first_token_s", start.counts() ? or_null(start.first_token_s) : nullptr},
          {"warm_s", or_null(start.warm_s)},
          {"phases", phases_json(start.phases)},
          {"engine_said", said_json(start.engine_said)},
          {"residency_before", or_null(start.residency_before)},
          {"residency_after", or_null(start.residency_after)},
          {"weight_bytes", start.weight_bytes},
          {"device_read_bytes", or_null(start.device_read_bytes)},
          {"device_weight_bytes", or_null(start.device_weight_bytes)},
          {"device_other_bytes", or_null(start.device_other_bytes)},
          {"device_read_source", or_null(start.device_read_source)},
          {"tree_read_bytes", or_null(start.tree_read_bytes)},
          {"major_faults", start.major_faults},
          {"io_pressure_some_s", or_null(start.io_pressure_some_s)},
          {"io_pressure_full_s", or_null(start.io_pressure_full_s)},
          {"gpu", gpu_json(start.gpu)},
          {"gpu_mem_used_mb", or_null(start.gpu_mem_used_mb())},
          {"states", states_json(start.states)},
          {"exit", or_null(start.exit)},
          {"last_lines", start.last_lines}};
}

Json to_json(const StartBench& bench) {
  return {{"schema", "stoker.bench-start/1"},
          {"stoker_version", bench.stoker_version},
          {"began", or_null(bench.began)},
          {"ended", or_null(bench.ended)},
          {"interrupted", or_null(bench.interrupted)},
          {"model", bench.model},
          {"model_path", or_null(bench.model_path)},
          {"model_from", or_null(bench.model_from)},
          {"weight_bytes", known(bench.weight_bytes)},
          {"weight_files", known(bench.weight_files)},
          {"weight_format", or_null(bench.weight_format)},
          {"max_model_len", or_null(bench.max_model_len)},
          {"engine", bench.engine},
          {"engine_version", or_null(bench.engine_version)},
          {"command", bench.command},
          {"port", bench.port},
          {"cold_scope", to_string(bench.cold_scope)},
          {"modes", modes_json(bench.modes)},
          {"runs", bench.runs},
          {"cooldown_s", bench.cooldown_s},
          {"warnings", bench.warnings},
          {"host", host_json(bench.host)},
          {"starts", starts_json(bench.starts)},
          {"summary", summary_json(summarize(bench))}};
}

}  // namespace stoker::record
