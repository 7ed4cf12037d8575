#include "stoker/bench/one_start.hpp"

#include <fmt/core.h>

#include <set>

#include "stoker/base/log.hpp"
#include "stoker/bench/witness.hpp"
#include "stoker/engine/markers.hpp"
#include "stoker/engine/server.hpp"
#include "stoker/os/file.hpp"
#include "stoker/os/process.hpp"
#include "stoker/pagecache/evict.hpp"

namespace stoker::bench {
namespace {

constexpr Seconds k_stop_grace{20};         // vLLM on a GPU takes 5-10 s to give its memory back
constexpr Seconds k_first_token_limit{60};  // a CPU engine's first token may compile kernels
constexpr std::size_t k_last_lines = 20;

// A folder of private caches for one start of scope `fresh`; gone with it.
class FreshFolder {
public:
  static Result<FreshFolder> make() {
    TRY_ASSIGN(std::string path, os::make_private_folder(os::temporary_folder(), "stoker-fresh-"));
    return FreshFolder(std::move(path));
  }
  FreshFolder(FreshFolder&& other) noexcept : m_path(std::exchange(other.m_path, {})) {}
  FreshFolder& operator=(FreshFolder&&) = delete;
  ~FreshFolder() {
    if (!m_path.empty()) ignore(os::remove_tree(m_path), "a scratch folder left behind harms nothing");
  }
  [[nodiscard]] const std::string& path() const { return m_path; }

private:
  explicit FreshFolder(std::string path) : m_path(std::move(path)) {}
  std::string m_path;
};

// Sees whether the engine opens weight files with O_DIRECT while it starts, ten times a second.
class DirectReads {
public:
  explicit DirectReads(const std::vector<std::string>& files) {
    for (const auto& file : files)
      if (const auto facts = os::look_at(file)) m_files.insert(facts->id);
  }
  void sample(const engine::Server& server) {
    if (m_seen || os::since(m_last) < k_interval) return;
    m_last = os::now();
    for (const auto& process : server.processes()) m_seen = m_seen || os::reads_directly(process.pid, m_files);
  }
  [[nodiscard]] Reading with(Reading reading) const {
    reading.direct = reading.direct || m_seen;
    return reading;
  }

private:
  static constexpr Seconds k_interval{0.1};
  std::set<os::FileId> m_files;
  bool m_seen = false;
  os::Stamp m_last{};
};

struct Surroundings {
  std::optional<FreshFolder> fresh;
  std::map<std::string, std::optional<std::string>> environment;
};

Result<Surroundings> surroundings(const Stage& stage, record::Mode mode) {
  Surroundings made;
  if (mode == record::Mode::cold && stage.plan.cold_scope == record::ColdScope::fresh) {
    TRY_ASSIGN(auto folder, FreshFolder::make());
    made.fresh.emplace(std::move(folder));
    made.environment = engine::fresh_environment(made.fresh->path());
  }
  return made;
}

engine::LaunchPlan launch_plan(const Stage& stage, const Surroundings& around) {
  engine::LaunchPlan launch;
  launch.kind = stage.plan.kind;
  launch.argv = stage.plan.argv;
  launch.environment = around.environment;
  launch.port = stage.plan.port;
  if (stage.plan.echo) launch.echo_prefix = "| ";
  return launch;
}

// Variables that the engine sees beside our own: those of `fresh`, and over them its command's (env X=1 vllm …).
std::map<std::string, std::optional<std::string>> seen_by_engine(const Stage& stage, const Surroundings& around) {
  auto seen = around.environment;
  for (const auto& [name, value] : engine::environment_in(stage.plan.argv)) seen[name] = value;
  return seen;
}

Status note_states(const Stage& stage, record::Mode mode, const Surroundings& around, record::Start& start) {
  const auto environment = seen_by_engine(stage, around);
  if (stage.python) start.states.push_back(engine::bytecode_state(*stage.python, environment));
  if (stage.plan.kind == engine::Kind::vllm || stage.plan.kind == engine::Kind::sglang)
    for (auto& state : engine::cache_states(environment)) start.states.push_back(std::move(state));
  if (mode == record::Mode::cold && stage.footprint) {
    TRY_ASSIGN(auto state, evict_footprint(*stage.footprint));
    if (state.state == "unknown") make_invalid(start, "the engine's own files cannot be proved cold: " + state.reason);
    start.states.push_back(std::move(state));
  } else {
    start.states.push_back({"engine files", "as found", "not evicted", "", std::nullopt});
  }
  return {};
}

void note_phases(Stage& stage, engine::Server& server, Seconds ready, record::Start& start) {
  auto phases = engine::phases_of(stage.plan.kind, server.lines(), ready);
  start.phases = std::move(phases.phases);
  start.engine_said = std::move(phases.engine_said);
  if (stage.engine_version.empty()) stage.engine_version = phases.version;
}

void note_failure(engine::Server& server, const Error& error, record::Start& start) {
  make_invalid(start, error.message());
  start.last_lines = server.last_lines(k_last_lines);
  if (const auto exit = server.exit()) start.exit = os::to_string(*exit);
}

void note_usage(engine::Server& server, Witness& witness, record::Start& start) {
  const auto usage = server.usage();
  start.tree_read_bytes = usage.storage_read_bytes;
  start.major_faults = usage.major_faults;
  witness.conclude(start);
  start.device_read_source = start.device_read_bytes ? "block device" : start.tree_read_bytes ? "process tree" : "";
  if (!start.device_read_bytes) start.device_read_bytes = start.tree_read_bytes;
}

// From exec to the end: the server is stopped on every way out.
Status run_server(Stage& stage, record::Mode mode, const Surroundings& around, record::Start& start, const std::stop_token& stop) {
  Witness witness(stage.device, stage.nvml);
  auto launched = engine::Server::launch(launch_plan(stage, around));
  if (!launched) {
    make_invalid(start, launched.error().message());
    return fail(std::move(launched).error());
  }
  engine::Server& server = *launched;
  DirectReads direct(stage.weights.files);
  const auto ready = server.wait_ready(stage.plan.ready_timeout, stop, [&] {
    witness.sample();
    direct.sample(server);
  });
  if (!ready) {
    note_failure(server, ready.error(), start);
    note_usage(server, witness, start);
    ignore(server.stop(k_stop_grace), "the first failure is the one to report");
    return fail(ready.error());
  }
  witness.ready();
  start.load_s = ready->count();
  note_usage(server, witness, start);
  const auto first = server.first_token(k_first_token_limit);  // before our own looks, which take time
  account_weights(mode, stage.weights.files, direct.with(stage.reading), start);
  if (first.at) start.first_token_s = first.at->count();
  else if (!first.why.empty()) start.notes.push_back("no first token: " + first.why);
  witness.sample();
  note_phases(stage, server, *ready, start);
  if (!start.valid) start.load_s.reset();
  return server.stop(k_stop_grace);
}

}  // namespace

Result<Footprint> learn_footprint(Stage& stage, const std::stop_token& stop) {
  log::info("learning which of the engine's own files a start uses: {} candidates evicted, one start", stage.candidates.size());
  TRY_ASSIGN(const auto around, surroundings(stage, record::Mode::cold));
  TRY(pagecache::evict(stage.candidates));
  TRY_ASSIGN(auto server, engine::Server::launch(launch_plan(stage, around)));
  const auto ready = server.wait_ready(stage.plan.ready_timeout, stop);
  if (!ready) {
    for (const auto& line : server.last_lines(k_last_lines)) log::error("| {}", line);
    return fail(ready.error());
  }
  auto footprint = observe_footprint(stage.candidates, server.processes(), stage.weights.files);
  TRY(server.stop(k_stop_grace));
  leave_shared_files(footprint);
  return footprint;
}

Status one_start(Stage& stage, record::Mode mode, record::Start& start, const std::stop_token& stop) {
  start.mode = mode;
  start.began = os::utc_stamp();
  start.valid = true;
  TRY_ASSIGN(const auto around, surroundings(stage, mode));
  TRY(note_states(stage, mode, around, start));
  TRY(prepare_weights(mode, stage.weights, start, stop));
  if (!start.valid) return {};  // a start from a state that is not the one asked for measures nothing
  return run_server(stage, mode, around, start, stop);
}

}  // namespace stoker::bench
