#include "stoker/bench/start.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>

#include "stoker/base/log.hpp"
#include "stoker/base/text.hpp"
#include "stoker/bench/ceiling.hpp"
#include "stoker/bench/guard.hpp"
#include "stoker/bench/one_start.hpp"
#include "stoker/bench/state.hpp"
#include "stoker/engine/container.hpp"
#include "stoker/model/weights.hpp"
#include "stoker/os/block.hpp"
#include "stoker/os/clock.hpp"
#include "stoker/os/file.hpp"
#include "stoker/os/memory.hpp"
#include "stoker/os/process.hpp"
#include "stoker/os/sockets.hpp"

namespace stoker::bench {
namespace {

// Invocation and ordinal: unique among the rows of one CSV, and sortable by time.
std::string run_id(const std::string& invocation, std::size_t ordinal) { return fmt::format("{}-{:02}", invocation, ordinal); }

std::string invocation_id() { return fmt::format("{}-{}", os::utc_stamp_compact(), ::getpid()); }

void describe_weights(const model::Inspection& inspection, record::StartBench& bench) {
  bench.weight_bytes = inspection.bytes();
  bench.weight_files = inspection.shards.size();
  bench.weight_format = model::to_string(inspection.format);
}

void describe(const StartPlan& plan, record::StartBench& bench) {
  bench.began = os::utc_stamp();
  bench.stoker_version = STOKER_VERSION;
  bench.model = plan.model.name;
  bench.model_path = plan.model.path;
  bench.model_from = plan.model.from;
  bench.max_model_len = plan.max_model_len;
  bench.engine = engine::to_string(plan.kind);
  bench.command = os::without_secrets(plan.argv);
  bench.port = plan.port;
  bench.cold_scope = plan.cold_scope;
  bench.modes = plan.modes;
  bench.runs = plan.runs;
  bench.cooldown_s = plan.cooldown.count();
}

void warn_of_memory(record::StartBench& bench) {
  const auto memory = os::memory();
  const Bytes room = std::min(memory.available, memory.cgroup_limit.value_or(memory.available));
  if (bench.weight_bytes > room)
    bench.warnings.push_back(fmt::format("the weights ({}) do not fit into the memory that is available ({}): no start can find them all warm",
                                         format_bytes(bench.weight_bytes), format_bytes(room)));
}

// The first error that inspection found makes the model unfit: nothing is started on it.
Status fit_to_load(const model::Inspection& inspection) {
  for (const auto& finding : inspection.findings)
    if (finding.error) return fail(ErrorKind::invalid, fmt::format("{}: {}", finding.path, finding.what));
  return {};
}

// What the weights' filesystem lies on, and which caches that brings with it.
void look_below(Stage& stage) {
  const auto mount = os::mount_of(stage.weights.files.front());
  if (!mount) return;
  stage.device = device_below(*mount);
  stage.reading.filesystem = mount->filesystem;
  if (mount->filesystem == "zfs") stage.reading.hidden_cache = "ZFS keeps a cache of its own (ARC) that cannot be emptied for single files";
  const auto image = stage.device ? os::loop_backing_file(stage.device->major, stage.device->minor) : std::nullopt;
  if (!image) return;
  if (os::look_at(*image))
    stage.weights.below.push_back(*image);
  else
    stage.reading.hidden_cache = fmt::format("the weights lie on a loop device whose file, {}, cannot be reached to empty its cache", printable(*image));
}

Result<Stage> set_stage(const StartPlan& plan, record::StartBench& bench) {
  Stage stage{plan, {}, {}, {}, {}, {}, {}, {}, {}};
  TRY_ASSIGN(const auto inspection, model::inspect(plan.model.path));
  TRY(fit_to_load(inspection));
  for (const auto& shard : inspection.shards) stage.weights.files.push_back(shard.path);  // what was inspected is what is evicted
  describe_weights(inspection, bench);
  if (auto nvml = gpu::Nvml::open()) stage.nvml = std::move(*nvml);
  bench.host = host_facts(stage.weights.files.front(), stage.nvml);
  look_below(stage);
  const auto loader = engine::loader_facts(plan.kind, plan.argv);
  stage.reading.direct = loader.bypasses_page_cache;
  bench.warnings = loader.warnings;
  warn_of_memory(bench);
  TRY(os::port_is_free(plan.port));
  if (!plan.shared_node) TRY(node_is_free(stage.weights.files, stage.nvml));
  stage.python = engine::python_of(plan.kind, plan.argv);
  if (stage.python)
    for (const auto& [name, version] : stage.python->versions)
      if (name == "vllm" || name == "sglang") stage.engine_version = version;
  return stage;
}

Status learn_engine_files(Stage& stage, const std::stop_token& stop) {
  if (stage.plan.cold_scope == record::ColdScope::weights) return {};
  if (engine::parse_container(stage.plan.argv))
    return fail(ErrorKind::usage, fmt::format("--cold-scope {} cannot see the engine's files inside a container's image; use --cold-scope weights",
                                              record::to_string(stage.plan.cold_scope)));
  stage.candidates = footprint_candidates(stage.plan.argv, stage.python);
  TRY_ASSIGN(stage.footprint, learn_footprint(stage, stop));
  log::info("the engine's own files: {} in {} files", format_bytes(stage.footprint->used), stage.footprint->files.size());
  if (!os::wait_for(stage.plan.cooldown, stop)) return fail(ErrorKind::cancelled, "interrupted");
  return {};
}

void report_progress(const record::Start& start, std::size_t done, std::size_t all) {
  const auto mode = record::to_string(start.mode);
  if (start.load_s)
    log::info("run {}/{} {}: ready in {}", done, all, mode, format_duration(Seconds(*start.load_s)));
  else
    log::warn("run {}/{} {}: invalid: {}", done, all, mode, start.invalid_reason);
}

// Rounds of all modes, every second round backwards: a drift of the machine then falls on all modes alike.
std::vector<record::Mode> schedule(const StartPlan& plan) {
  std::vector<record::Mode> order;
  for (int round = 0; round < plan.runs; ++round) {
    auto modes = plan.modes;
    if (round % 2 == 1) std::reverse(modes.begin(), modes.end());
    order.insert(order.end(), modes.begin(), modes.end());
  }
  return order;
}

Status run_all(Stage& stage, record::StartBench& bench, const OnStart& on_start, const std::stop_token& stop) {
  const std::string invocation = invocation_id();
  const auto order = schedule(stage.plan);
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i > 0 && !os::wait_for(stage.plan.cooldown, stop)) return fail(ErrorKind::cancelled, "interrupted");
    if (i > 0 && !stage.plan.shared_node) TRY(node_is_free(stage.weights.files, stage.nvml));
    record::Start start;
    start.run_id = run_id(invocation, i + 1);
    start.weight_bytes = bench.weight_bytes;
    const Status ended = one_start(stage, order[i], start, stop);
    if (!ended && start.valid) make_invalid(start, ended.error().message());
    if (!start.valid) start.load_s.reset();
    bench.engine_version = stage.engine_version;
    bench.starts.push_back(start);
    report_progress(start, i + 1, order.size());
    TRY(on_start(bench, start));
    TRY(ended);
  }
  return {};
}

Status conduct(const StartPlan& plan, record::StartBench& bench, const OnStart& on_start, const std::stop_token& stop) {
  TRY_ASSIGN(auto stage, set_stage(plan, bench));
  if (const auto ceiling = read_ceiling(stage.weights.files, stop)) {
    bench.host.device_ceiling_bytes_per_s = ceiling->bytes_per_s;
    bench.host.device_ceiling_method = ceiling->method;
  }
  TRY(learn_engine_files(stage, stop));
  return run_all(stage, bench, on_start, stop);
}

}  // namespace

StartOutcome bench_start(const StartPlan& plan, const OnStart& on_start, const std::stop_token& stop) {
  StartOutcome outcome;
  describe(plan, outcome.bench);
  const Status done = conduct(plan, outcome.bench, on_start, stop);
  outcome.bench.ended = os::utc_stamp();
  if (!done) {
    outcome.error = done.error();
    outcome.bench.interrupted = done.error().message();
  }
  return outcome;
}

}  // namespace stoker::bench
