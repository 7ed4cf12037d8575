#include "stoker/cli/app.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>

#include "stoker/base/log.hpp"
#include "stoker/base/text.hpp"
#include "stoker/cli/command.hpp"
#include "stoker/cli/exit_code.hpp"
#include "stoker/cli/paths.hpp"
#include "stoker/os/signals.hpp"

namespace stoker::cli {
namespace {

constexpr const char* k_description =
    "stoker feeds LLM engines their weights: it measures where a start's seconds go and proves the number.\n\n"
    "Examples:\n"
    "  stoker lab model qwen2.5-0.5b /models/test --bytes 512MiB    make a model to try things on\n"
    "  stoker bench start /models/test --engine lab --runs 3        its cold and warm starts, measured\n"
    "  stoker bench start /models/qwen -- vllm serve {model} --port {port}\n"
    "  stoker residency /models/qwen                                what of it is in the page cache";

void add_globals(CLI::App& app, Globals& globals) {
  app.add_flag("--json", globals.json, "One JSON document on stdout instead of text");
  app.add_flag("-q,--quiet", globals.quiet, "No progress, only errors on stderr");
  app.add_flag("-v,--verbose", globals.verbose, "More of it on stderr, the engine's own output too");
  app.add_option("--store", globals.store, "The node's store of models (default: /var/lib/stoker as root, else in XDG_DATA_HOME)")
      ->envname("STOKER_STORE")
      ->type_name("DIR");
  app.set_config("--config", "", "Read options from an INI or TOML file")->envname("STOKER_CONFIG")->type_name("FILE");
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.set_version_flag("--version", "stoker " STOKER_VERSION);
}

void add_commands(CLI::App& app, Invocation& invocation) {
  add_inspect(app, invocation);
  add_residency(app, invocation);
  add_evict(app, invocation);
  auto* bench = app.add_subcommand("bench", "Measure: starts of an engine")->require_subcommand(1);
  add_bench_start(*bench, invocation);
  auto* lab = app.add_subcommand("lab", "Things to measure with: synthetic models, the reference engine, a slow path")->require_subcommand(1);
  add_lab_model(*lab, invocation);
  add_lab_engine(*lab, invocation);
  add_lab_slowpath(*lab, invocation);
}

std::vector<std::string> names_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* sub : app.get_subcommands(nullptr)) names.push_back(sub->get_name());
  return names;
}

// "bench sart" → "start": the first word that is no command, against the commands at that place.
std::string suggestion(const CLI::App& app, const std::vector<std::string>& words) {
  const CLI::App* at = &app;
  for (const auto& word : words) {
    if (word.starts_with('-')) continue;
    const auto names = names_of(*at);
    if (names.empty()) return {};
    if (std::find(names.begin(), names.end(), word) == names.end()) return nearest(word, names);
    at = at->get_subcommand(word);
  }
  return {};
}

// What stands after the first "--" is the engine's command and never seen by the parser.
std::vector<std::string> split_at_dashes(int argc, char** argv, Globals& globals) {
  std::vector<std::string> words(argv + 1, argv + argc);
  const auto dashes = std::find(words.begin(), words.end(), "--");
  globals.dashes = dashes != words.end();
  if (globals.dashes) globals.after_dashes.assign(dashes + 1, words.end());
  words.erase(dashes, words.end());
  return words;
}

int print_error(const Error& error, bool json) {
  const int code = exit_code(error.kind());
  log::error("{}", error.message());
  if (json)
    fmt::print("{}\n", dump_json({{"schema", "stoker.error/1"},
                                  {"error", {{"kind", to_string(error.kind())}, {"message", error.message()}, {"exit_code", code}}}}));
  return code;
}

int parse_failure(const CLI::App& app, const CLI::ParseError& failure, const std::vector<std::string>& words, bool json) {
  if (failure.get_exit_code() == 0) return app.exit(failure);  // --help and --version
  std::string text = failure.what();
  std::replace(text.begin(), text.end(), '\n', ' ');
  const std::string near = suggestion(app, words);
  if (!near.empty()) text += fmt::format("; did you mean '{}'?", near);
  return print_error(Error(ErrorKind::usage, text + " (see --help)"), json);
}

int answer(const Invocation& invocation) {
  const os::Interrupts interrupts;
  const auto result = invocation.run(invocation.globals, interrupts.token());
  if (!result) return print_error(result.error(), invocation.globals.json);
  if (invocation.globals.json)
    fmt::print("{}\n", dump_json(result->json));
  else if (!result->text.empty())
    fmt::print("{}\n", result->text);
  if (std::fflush(stdout) != 0) return k_failed;  // a full disk or a closed pipe: the answer did not arrive
  return result->exit_code;
}

}  // namespace

int run(int argc, char** argv) {
  Invocation invocation;
  CLI::App app(k_description, "stoker");
  app.footer(k_exit_code_table);
  app.require_subcommand(1);
  app.fallthrough();
  add_globals(app, invocation.globals);
  add_commands(app, invocation);
  auto words = split_at_dashes(argc, argv, invocation.globals);
  const bool wants_json = std::find(words.begin(), words.end(), "--json") != words.end();
  try {
    std::vector<std::string> reversed(words.rbegin(), words.rend());  // CLI11 takes them from the back
    app.parse(reversed);
  } catch (const CLI::ParseError& failure) {
    return parse_failure(app, failure, words, wants_json);
  }
  auto& globals = invocation.globals;
  log::set_level(globals.quiet ? log::Level::error : globals.verbose ? log::Level::debug : log::Level::info);
  // CLI11 asks the config file before the environment; the order promised is flag, environment, file.
  const bool flagged = std::any_of(words.begin(), words.end(), [](const std::string& word) { return word == "--store" || word.starts_with("--store="); });
  if (const auto named = environment("STOKER_STORE"); named && !flagged) globals.store = *named;
  if (globals.store.empty()) globals.store = default_store();
  return answer(invocation);
}

}  // namespace stoker::cli
