// stoker lab model SHAPE OUT: synthetic weights with real names, shapes and dtypes.
#include <fmt/format.h>

#include <memory>

#include "stoker/base/units.hpp"
#include "stoker/cli/command.hpp"
#include "stoker/model/synthetic.hpp"
#include "stoker/os/clock.hpp"

namespace stoker::cli {
namespace {

struct Options {
  std::string shape, out, bytes, format = "safetensors";
  std::uint32_t layers = 0;
  std::uint64_t seed = 0;
  bool dry_run = false;
};

Result<model::SyntheticPlan> plan_of(const Options& options) {
  model::SyntheticPlan plan;
  plan.shape = options.shape;
  plan.seed = options.seed;
  if (options.layers > 0) plan.layers = options.layers;
  if (options.format == "gguf") plan.format = model::SyntheticFormat::gguf;
  if (!options.bytes.empty()) {
    TRY_ASSIGN(plan.bytes, parse_bytes(options.bytes));
  }
  return plan;
}

Result<Answer> run(const Options& options) {
  TRY_ASSIGN(const auto plan, plan_of(options));
  const os::Stamp begun = os::now();
  TRY_ASSIGN(const auto made, options.dry_run ? model::plan_synthetic(plan) : model::write_synthetic(plan, options.out));
  const Seconds took = os::since(begun);
  Json document{{"schema", "stoker.lab-model/1"}, {"shape", options.shape}, {"path", options.out}, {"files", made.files},
                {"bytes", made.weight_bytes}, {"parameters", made.parameters}, {"layers", made.layers}, {"seed", options.seed},
                {"format", options.format}, {"dry_run", options.dry_run}, {"seconds", options.dry_run ? Json(nullptr) : Json(took.count())}};
  const auto what = fmt::format("{} of {} weights in {} layers, {:.3f} B parameters, seed {}", format_bytes(made.weight_bytes), options.shape, made.layers,
                                static_cast<double>(made.parameters) / 1e9, options.seed);
  if (options.dry_run) return Answer{fmt::format("would write {}: {}\n  {}", options.out, what, fmt::join(made.files, "\n  ")), document};
  return Answer{fmt::format("{}: {}, in {} ({})", options.out, what, format_duration(took), format_rate(static_cast<double>(made.weight_bytes) / took.count())), document};
}

}  // namespace

void add_lab_model(CLI::App& lab, Invocation& invocation) {
  auto* command = lab.add_subcommand("model", "Write a synthetic model that real engines accept");
  auto options = std::make_shared<Options>();
  command->add_option("SHAPE", options->shape, fmt::format("One of: {}", fmt::join(model::shape_names(), ", ")))->required();
  command->add_option("OUT", options->out, "Folder to write into; must hold no weights yet")->required();
  command->add_option("--layers", options->layers, "Layers, instead of the original's number")->check(CLI::Range(1, 1000));
  command->add_option("--bytes", options->bytes, "Shrink until the weights fit into SIZE")->check(parsed_by(parse_bytes, "SIZE"));
  command->add_option("--seed", options->seed, "The same seed gives the same bytes")->capture_default_str();
  command->add_option("--format", options->format, "safetensors or gguf")->check(CLI::IsMember({"safetensors", "gguf"}))->capture_default_str();
  command->add_flag("-n,--dry-run", options->dry_run, "Only say what would be written");
  command->callback([options, &invocation] {
    invocation.run = [options](const Globals&, const std::stop_token&) { return run(*options); };
  });
}

}  // namespace stoker::cli
