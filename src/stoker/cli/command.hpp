// What a command is: options it registers, and a run that gives an answer. Printing is done once, in app.cpp.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "stoker/base/json.hpp"
#include "stoker/base/result.hpp"

namespace stoker::cli {

// Options that stand before or after any command.
struct Globals {
  bool json = false;
  bool quiet = false;
  bool verbose = false;
  std::string store;                      // --store, STOKER_STORE, or the default place
  std::vector<std::string> after_dashes;  // the engine's command: everything after "--", untouched
  bool dashes = false;
};

// The same answer twice: for people and for programs.
struct Answer {
  std::string text;  // ends without a newline
  Json json;
  int exit_code = 0;
};

struct Invocation {
  Globals globals;
  std::function<Result<Answer>(const Globals&, const std::stop_token&)> run;  // set by the command that was named
};

// One of these a command, each in a file of its own.
void add_inspect(CLI::App& app, Invocation& invocation);
void add_residency(CLI::App& app, Invocation& invocation);
void add_evict(CLI::App& app, Invocation& invocation);
void add_bench_start(CLI::App& bench, Invocation& invocation);
void add_lab_model(CLI::App& lab, Invocation& invocation);
void add_lab_engine(CLI::App& lab, Invocation& invocation);
void add_lab_slowpath(CLI::App& lab, Invocation& invocation);

// A flag of an option whose text our own parsers read: refused by them with their own line (exit 2).
template <class Parser>
CLI::Validator parsed_by(Parser parser, const std::string& name) {
  return CLI::Validator(
      [parser](std::string& text) -> std::string {
        const auto value = parser(text);
        return value ? std::string() : value.error().message();
      },
      name);
}

}  // namespace stoker::cli
