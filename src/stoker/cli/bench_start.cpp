// stoker bench start MODEL [-- ENGINE ARGS]: starts of an engine from proved states, into CSV, JSON and Markdown.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "stoker/base/log.hpp"
#include "stoker/base/text.hpp"
#include "stoker/bench/start.hpp"
#include "stoker/cli/bench_start_plan.hpp"
#include "stoker/cli/command.hpp"
#include "stoker/cli/exit_code.hpp"
#include "stoker/cli/paths.hpp"
#include "stoker/os/file.hpp"
#include "stoker/os/process.hpp"
#include "stoker/os/publish.hpp"
#include "stoker/record/csv.hpp"
#include "stoker/record/json.hpp"
#include "stoker/report/start_markdown.hpp"

namespace stoker::cli {
namespace {

constexpr const char* k_name = "storage_load_bench";

std::string file_in(const std::string& out, const char* extension) { return fmt::format("{}/{}.{}", out, k_name, extension); }

// Found out before the first start, since the last one may be an hour away: the folder (or the nearest parent
// that exists) can be written, and a CSV that is there already is one of ours.
Status check_out(const std::string& out) {
  auto folder = std::filesystem::path(out);
  std::error_code code;
  while (!folder.empty() && !std::filesystem::exists(folder, code)) folder = folder.parent_path();
  const std::string existing = folder.empty() ? "." : folder.string();
  TRY_ASSIGN(const auto facts, os::look_at(existing));
  if (!facts.directory || ::access(existing.c_str(), W_OK) != 0)
    return fail(ErrorKind::usage, fmt::format("--out {}: {} cannot be written into", out, facts.directory ? "the folder " + existing : existing + " is no folder and"));
  const auto present = os::read_fact(file_in(out, "csv"));
  if (present && !present->empty() && trim(split(*present, '\n').front()) != record::k_start_csv_header)
    return fail(ErrorKind::usage, fmt::format("{} is not a CSV of starts: move it away or choose another --out", file_in(out, "csv")));
  return {};
}

Status write_files(const std::string& out, const record::StartBench& bench) {
  TRY(os::publish_text(file_in(out, "json"), dump_json(record::to_json(bench)) + "\n"));
  return os::publish_text(file_in(out, "md"), report::start_markdown(bench));
}

Status keep(const std::string& out, const record::StartBench& bench, const record::Start& start) {
  TRY(os::make_folders(out));
  const auto row = record::start_csv_row(bench, start);
  TRY(os::append_lines(file_in(out, "csv"), {record::k_start_csv_header, row}));
  return write_files(out, bench);
}

int code_of(const bench::StartOutcome& outcome) {
  if (outcome.error) return outcome.error->kind() == ErrorKind::timeout ? k_engine_not_ready : exit_code(outcome.error->kind());
  const auto& starts = outcome.bench.starts;
  const auto invalid = std::count_if(starts.begin(), starts.end(), [](const auto& start) { return !start.counts(); });
  if (invalid == 0) return k_ok;
  return static_cast<std::size_t>(invalid) == starts.size() ? k_verification : k_partly;
}

Json to_json(const bench::StartOutcome& outcome, int code) {
  Json document = record::to_json(outcome.bench);
  document["exit_code"] = code;
  document["error"] = outcome.error ? Json({{"kind", to_string(outcome.error->kind())}, {"message", outcome.error->message()}}) : Json(nullptr);
  return document;
}

std::string to_text(const bench::StartOutcome& outcome, const std::string& out) {
  if (outcome.bench.starts.empty()) return {};
  return fmt::format("{}\n\nfiles: {}\n       {}\n       {}", report::start_table(outcome.bench), file_in(out, "md"), file_in(out, "csv"), file_in(out, "json"));
}

void say_failure(const bench::StartOutcome& outcome) {
  if (!outcome.error) return;
  if (!outcome.bench.starts.empty())
    for (const auto& line : outcome.bench.starts.back().last_lines) log::error("| {}", printable(line));
  log::error("{}", outcome.error->message());
}

Answer dry_run(const bench::StartPlan& plan, const std::string& out) {
  std::vector<std::string> modes;
  for (const auto mode : plan.modes) modes.emplace_back(record::to_string(mode));
  const Json document{{"schema", "stoker.bench-start-plan/1"}, {"model", plan.model.name}, {"model_path", plan.model.path},
                      {"engine", engine::to_string(plan.kind)}, {"command", os::without_secrets(plan.argv)}, {"port", plan.port}, {"modes", modes},
                      {"runs", plan.runs}, {"cold_scope", record::to_string(plan.cold_scope)}, {"cooldown_s", plan.cooldown.count()},
                      {"ready_timeout_s", plan.ready_timeout.count()}, {"out", out}};
  return {fmt::format("would start {} x {} ({}), cold scope {}, {} apart:\n  {}\nand write {}.{{csv,json,md}} into {}", plan.runs, engine::to_string(plan.kind),
                      join(modes, ", "), record::to_string(plan.cold_scope), format_duration(plan.cooldown), shell_quote(os::without_secrets(plan.argv)), k_name, out),
          document};
}

Result<Answer> run(const BenchStartOptions& options, const Globals& globals, const std::stop_token& stop) {
  TRY_ASSIGN(const auto plan, plan_of(options, globals));
  TRY(check_out(options.out));
  if (options.dry_run) return dry_run(plan, options.out);
  log::info("engine {}: {}", engine::to_string(plan.kind), shell_quote(os::without_secrets(plan.argv)));
  const auto outcome = bench::bench_start(plan, [&](const auto& bench, const auto& start) { return keep(options.out, bench, start); }, stop);
  if (!outcome.bench.starts.empty()) TRY(write_files(options.out, outcome.bench));
  const int code = code_of(outcome);
  say_failure(outcome);
  return Answer{to_text(outcome, options.out), to_json(outcome, code), code};
}

void add_options(CLI::App& command, BenchStartOptions& options) {
  command.add_option("MODEL", options.model, "Folder, file, or org/name in the store or the hub cache (default: $MODEL_PATH, $MODEL)");
  command.add_option("--engine", options.engine, "vllm, sglang, llama-server, tgi, lab or command (default: seen from the command)")->type_name("KIND");
  command.add_option("--modes", options.modes, "Of cold, warm, prewarm_cold, prewarm_warm")->capture_default_str()->type_name("LIST");
  command.add_option("--runs", options.runs, "Starts of each mode, interleaved")->check(CLI::Range(1, 1000))->capture_default_str();
  command.add_option("--ready-timeout", options.ready_timeout, "How long a start may take")->check(parsed_by(parse_duration, "TIME"))->capture_default_str();
  command.add_option("--cooldown", options.cooldown, "Fixed gap between two starts")->check(parsed_by(parse_duration, "TIME"))->capture_default_str();
  command.add_option("--cold-scope", options.cold_scope, "weights; all: the engine's own files too; fresh: and empty caches, no bytecode")->capture_default_str();
  command.add_option("--port", options.port, "Where readiness is looked for (default: the command's, else a free one)")->check(CLI::Range(1, 65535));
  command.add_option("--max-model-len", options.max_model_len, "For a composed command (default: $MAX_MODEL_LEN)")->check(CLI::Range(1, 1 << 30));
  command.add_option("--out", options.out, "Folder for storage_load_bench.{csv,json,md}")->capture_default_str()->type_name("DIR");
  command.add_flag("--shared-node", options.shared_node, "Go on although others use the GPU or map the weights; runs they spoil are invalid");
  command.add_flag("-n,--dry-run", options.dry_run, "Only print the plan");
}

}  // namespace

void add_bench_start(CLI::App& bench, Invocation& invocation) {
  auto* command = bench.add_subcommand("start", "Starts of an engine from proved cache states: how long, and where the seconds go");
  auto options = std::make_shared<BenchStartOptions>();
  add_options(*command, *options);
  command->footer("After -- stands the engine's whole command; {model} and {port} in it are filled in. For --engine lab only its flags.\n"
                  "Exit codes: 3 some runs invalid, 4 all, 6 port taken or node in use, 9 engine ended, 10 engine not ready in time.");
  command->callback([options, &invocation] {
    invocation.run = [options](const Globals& globals, const std::stop_token& stop) { return run(*options, globals, stop); };
  });
}

}  // namespace stoker::cli
