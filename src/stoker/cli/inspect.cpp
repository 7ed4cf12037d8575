// stoker inspect MODEL: what is in the weight files, without reading a tensor.
#include <fmt/format.h>

#include <map>
#include <memory>

#include "stoker/base/text.hpp"
#include "stoker/base/units.hpp"
#include "stoker/cli/command.hpp"
#include "stoker/cli/exit_code.hpp"
#include "stoker/cli/paths.hpp"
#include "stoker/model/weights.hpp"

namespace stoker::cli {
namespace {

struct Options {
  std::string model;
  bool tensors = false;
};

struct Share {
  std::size_t tensors = 0;
  std::uint64_t parameters = 0;
  Bytes bytes = 0;
};

std::map<std::string, Share> by_dtype(const model::Inspection& inspection) {
  std::map<std::string, Share> shares;
  for (const auto& shard : inspection.shards)
    for (const auto& tensor : shard.tensors) {
      auto& share = shares[tensor.dtype];
      share.tensors += 1;
      share.parameters += tensor.parameters;
      share.bytes += tensor.bytes;
    }
  return shares;
}

// What the parameters would take at the widths people convert to.
struct Width {
  const char* name;
  std::uint64_t bits;
};
constexpr Width k_widths[] = {{"F32", 32}, {"BF16", 16}, {"F8", 8}, {"INT4", 4}};

bool fit(const model::Inspection& inspection) {
  for (const auto& finding : inspection.findings)
    if (finding.error) return false;
  return true;
}

std::size_t tensor_count(const model::Inspection& inspection) {
  std::size_t count = 0;
  for (const auto& shard : inspection.shards) count += shard.tensors.size();
  return count;
}

Json shards_json(const model::Inspection& inspection, bool tensors) {
  Json shards = Json::array();
  for (const auto& shard : inspection.shards) {
    Json entry{{"path", shard.path}, {"bytes", shard.bytes}, {"header_bytes", shard.header_bytes}, {"tensor_count", shard.tensors.size()}};
    if (tensors) {
      entry["tensors"] = Json::array();
      for (const auto& tensor : shard.tensors)
        entry["tensors"].push_back({{"name", tensor.name}, {"dtype", tensor.dtype}, {"shape", tensor.shape}, {"offset", tensor.offset}, {"bytes", tensor.bytes}});
    }
    shards.push_back(std::move(entry));
  }
  return shards;
}

Json to_json(const model::Located& located, const model::Inspection& inspection, bool tensors) {
  Json document{{"schema", "stoker.inspect/1"}, {"model", located.name},        {"path", located.path},
                {"from", located.from},         {"format", model::to_string(inspection.format)},
                {"bytes", inspection.bytes()},  {"parameters", inspection.parameters()},
                {"tensors", tensor_count(inspection)}, {"valid", fit(inspection)}};
  document["shards"] = shards_json(inspection, tensors);
  document["dtypes"] = Json::object();
  for (const auto& [dtype, share] : by_dtype(inspection))
    document["dtypes"][dtype] = {{"tensors", share.tensors}, {"parameters", share.parameters}, {"bytes", share.bytes}};
  document["bytes_at"] = Json::object();
  for (const auto& width : k_widths) document["bytes_at"][width.name] = inspection.parameters() * width.bits / 8;
  document["findings"] = Json::array();
  for (const auto& finding : inspection.findings)
    document["findings"].push_back({{"error", finding.error}, {"path", finding.path}, {"what", finding.what}});
  return document;
}

std::string to_text(const model::Located& located, const model::Inspection& inspection, bool tensors) {
  std::string text = fmt::format("{}: {}, {} in {} files, {} tensors, {:.3f} B parameters\n", printable(located.name),
                                 model::to_string(inspection.format), format_bytes(inspection.bytes()), inspection.shards.size(),
                                 tensor_count(inspection), static_cast<double>(inspection.parameters()) / 1e9);
  for (const auto& [dtype, share] : by_dtype(inspection))
    text += fmt::format("  {:<8} {:>10}  {} tensors\n", printable(dtype), format_bytes(share.bytes), share.tensors);
  text += "at other dtypes:";
  for (const auto& width : k_widths) text += fmt::format("  {} {}", width.name, format_bytes(inspection.parameters() * width.bits / 8));
  text += "\n";
  for (const auto& shard : inspection.shards) {
    text += fmt::format("  {:>10}  {:>6} tensors  {}\n", format_bytes(shard.bytes), shard.tensors.size(), printable(shard.path));
    if (!tensors) continue;
    for (const auto& tensor : shard.tensors)
      text += fmt::format("    {:<6} [{}] {} at {}\n", printable(tensor.dtype), fmt::join(tensor.shape, ", "), printable(tensor.name, 200), tensor.offset);
  }
  for (const auto& finding : inspection.findings)
    text += fmt::format("{}: {}: {}\n", finding.error ? "ERROR" : "note", printable(finding.path), printable(finding.what));
  text += fit(inspection) ? "valid" : "NOT VALID";
  return text;
}

Result<Answer> run(const Options& options, const Globals& globals) {
  TRY_ASSIGN(const auto located, locate_model(options.model, globals));
  TRY_ASSIGN(const auto inspection, model::inspect(located.path));
  return Answer{to_text(located, inspection, options.tensors), to_json(located, inspection, options.tensors), fit(inspection) ? k_ok : k_verification};
}

}  // namespace

void add_inspect(CLI::App& app, Invocation& invocation) {
  auto* command = app.add_subcommand("inspect", "Format, shards, tensors, dtypes, parameters, and whether the files are whole");
  auto options = std::make_shared<Options>();
  command->add_option("MODEL", options->model, "Folder, file, or org/name in the store or the hub cache (default: $MODEL_PATH, $MODEL)");
  command->add_flag("--tensors", options->tensors, "List every tensor");
  command->callback([options, &invocation] {
    invocation.run = [options](const Globals& globals, const std::stop_token&) { return run(*options, globals); };
  });
}

}  // namespace stoker::cli
