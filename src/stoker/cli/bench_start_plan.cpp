#include "stoker/cli/bench_start_plan.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "stoker/base/log.hpp"
#include "stoker/base/text.hpp"
#include "stoker/base/units.hpp"
#include "stoker/cli/paths.hpp"
#include "stoker/os/file.hpp"
#include "stoker/os/sockets.hpp"
#include "stoker/os/spawn.hpp"

namespace stoker::cli {
namespace {

Result<std::vector<record::Mode>> modes_of(const std::string& text) {
  std::vector<record::Mode> modes;
  for (const auto name : split(text, ',')) {
    const auto mode = record::mode_named(trim(name));
    if (!mode) return fail(ErrorKind::usage, fmt::format("--modes: '{}' is no mode (cold, warm, prewarm_cold, prewarm_warm)", printable(name)));
    if (std::find(modes.begin(), modes.end(), *mode) != modes.end()) return fail(ErrorKind::usage, fmt::format("--modes: '{}' stands twice", printable(name)));
    modes.push_back(*mode);
  }
  return modes;
}

Result<engine::Kind> kind_of(const BenchStartOptions& options, const Globals& globals) {
  if (!options.engine.empty()) {
    const auto kind = engine::kind_named(options.engine);
    if (!kind) return fail(ErrorKind::usage, fmt::format("--engine: '{}' is no engine (vllm, sglang, llama-server, tgi, lab, command)", printable(options.engine)));
    return *kind;
  }
  if (globals.after_dashes.empty())
    return fail(ErrorKind::usage, "no engine: name one with --engine, or write its command after --, as in: -- vllm serve {model} --port {port}");
  return engine::detect(globals.after_dashes);
}

// The length as a flag of the engine's own says it: for the record only, the command is not touched.
std::optional<std::uint64_t> length_in(const std::vector<std::string>& argv) {
  constexpr std::array<std::string_view, 5> flags{"--max-model-len", "--context-length", "--max-total-tokens", "--ctx-size", "-c"};
  for (std::size_t i = 0; i < argv.size(); ++i)
    for (const auto flag : flags) {
      std::uint64_t length = 0;
      if (argv[i] == flag && i + 1 < argv.size() && parse_number(argv[i + 1], length)) return length;
      if (argv[i].starts_with(flag) && argv[i].size() > flag.size() && argv[i][flag.size()] == '=' && parse_number(std::string_view(argv[i]).substr(flag.size() + 1), length))
        return length;
    }
  return std::nullopt;
}

Result<std::optional<std::uint64_t>> max_model_len(const BenchStartOptions& options, const std::vector<std::string>& argv) {
  if (options.max_model_len > 0) return std::optional(options.max_model_len);
  if (const auto text = environment("MAX_MODEL_LEN")) {
    std::uint64_t length = 0;
    if (!parse_number(*text, length) || length == 0) return fail(ErrorKind::usage, fmt::format("MAX_MODEL_LEN: '{}' is not a number of tokens", printable(*text)));
    return std::optional(length);
  }
  return length_in(argv);
}

bool asks_for_port(const std::vector<std::string>& argv) {
  return std::any_of(argv.begin(), argv.end(), [](const std::string& argument) { return argument.find("{port}") != std::string::npos; });
}

Result<std::uint16_t> port_of(const BenchStartOptions& options, engine::Kind kind, const std::vector<std::string>& argv, bool composed) {
  const auto named = engine::port_in(kind, argv);
  if (options.port != 0) {
    if (named && *named != options.port) log::warn("--port {} but the engine's command says {}: readiness is looked for on {}", options.port, *named, options.port);
    return options.port;
  }
  if (named) return *named;
  if (composed || asks_for_port(argv)) return os::pick_free_port();
  return engine::default_port(kind);
}

Result<std::string> own_executable() { return os::real_path("/proc/self/exe"); }

Result<std::vector<std::string>> command_of(const bench::StartPlan& plan, const Globals& globals, bool composed) {
  if (!composed) return engine::fill_in(globals.after_dashes, plan.model.path, plan.port);
  engine::ComposePlan compose{plan.kind, plan.model.path, plan.port, plan.max_model_len, {}, globals.after_dashes};
  TRY_ASSIGN(compose.self, own_executable());
  return engine::compose(compose);
}

Status fill_times(const BenchStartOptions& options, bench::StartPlan& plan) {
  TRY_ASSIGN(plan.ready_timeout, parse_duration(options.ready_timeout));
  if (plan.ready_timeout.count() <= 0) return fail(ErrorKind::usage, "--ready-timeout: no start is ready in no time");
  TRY_ASSIGN(plan.cooldown, parse_duration(options.cooldown));
  const auto scope = record::cold_scope_named(options.cold_scope);
  if (!scope) return fail(ErrorKind::usage, fmt::format("--cold-scope: '{}' is no scope (weights, all, fresh)", printable(options.cold_scope)));
  plan.cold_scope = *scope;
  return {};
}

}  // namespace

Result<bench::StartPlan> plan_of(const BenchStartOptions& options, const Globals& globals) {
  bench::StartPlan plan;
  TRY_ASSIGN(plan.modes, modes_of(options.modes));
  TRY(fill_times(options, plan));
  TRY_ASSIGN(plan.kind, kind_of(options, globals));
  TRY_ASSIGN(plan.model, locate_model(options.model, globals));
  TRY_ASSIGN(plan.max_model_len, max_model_len(options, globals.after_dashes));
  // For the lab engine only flags stand after "--"; a whole command of another program is taken as it is.
  const bool composed = globals.after_dashes.empty() || (plan.kind == engine::Kind::lab && globals.after_dashes.front().starts_with('-'));
  TRY_ASSIGN(plan.port, port_of(options, plan.kind, globals.after_dashes, composed));
  TRY_ASSIGN(plan.argv, command_of(plan, globals, composed));
  TRY(os::find_program(plan.argv.front()));  // not after the first eviction
  plan.runs = options.runs;
  plan.shared_node = options.shared_node;
  plan.echo = globals.verbose;
  return plan;
}

}  // namespace stoker::cli
