// stoker lab engine MODEL: the reference engine, which only loads and answers ready.
#include "stoker/lab/engine.hpp"

#include <fmt/core.h>

#include <cstdio>
#include <memory>

#include "stoker/base/units.hpp"
#include "stoker/cli/command.hpp"
#include "stoker/cli/paths.hpp"

namespace stoker::cli {
namespace {

struct Options {
  std::string model, host = "127.0.0.1", load = "mmap", init = "0";
  std::uint16_t port = 0;
};

// Its lines are a log, and what watches it reads them as they come.
void say(const std::string& text) {
  fmt::print(stderr, "{}\n", text);
  std::fflush(stderr);
}

Result<Answer> run(const Options& options, const Globals& globals, const std::stop_token& stop) {
  lab::EnginePlan plan;
  TRY_ASSIGN(const auto located, locate_model(options.model, globals));
  TRY_ASSIGN(plan.init, parse_duration(options.init));
  plan.model = located.path;
  plan.host = options.host;
  plan.port = options.port;
  plan.load = *lab::load_named(options.load);
  TRY(lab::run_engine(plan, say, stop));
  return Answer{"", {{"schema", "stoker.lab-engine/1"}, {"model", located.name}, {"port", options.port}, {"load", options.load}}};
}

}  // namespace

void add_lab_engine(CLI::App& lab, Invocation& invocation) {
  auto* command = lab.add_subcommand("engine", "Load every tensor into memory, then answer /health and /v1/models: the storage floor of an engine. It does not infer");
  auto options = std::make_shared<Options>();
  command->add_option("MODEL", options->model, "Folder, file, or org/name (default: $MODEL_PATH, $MODEL)");
  command->add_option("--port", options->port, "Port to listen on, once loaded")->required()->check(CLI::Range(1, 65535));
  command->add_option("--host", options->host, "Address to listen on")->capture_default_str();
  command->add_option("--load", options->load, "How it reads: mmap, read or direct")->check(CLI::IsMember({"mmap", "read", "direct"}))->capture_default_str();
  command->add_option("--init", options->init, "Pause before the first byte, as real engines have")->check(parsed_by(parse_duration, "TIME"))->capture_default_str();
  command->callback([options, &invocation] {
    invocation.run = [options](const Globals& globals, const std::stop_token& stop) { return run(*options, globals, stop); };
  });
}

}  // namespace stoker::cli
