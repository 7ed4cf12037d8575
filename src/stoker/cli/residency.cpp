// stoker residency PATH…: what of these files is in the page cache.
#include "stoker/pagecache/residency.hpp"

#include <fmt/core.h>

#include <memory>

#include "stoker/base/text.hpp"
#include "stoker/cli/command.hpp"
#include "stoker/cli/paths.hpp"

namespace stoker::cli {
namespace {

using pagecache::Residency;

Json to_json(const std::vector<Residency>& files, const pagecache::Total& total) {
  Json document{{"schema", "stoker.residency/1"}, {"files", Json::array()}, {"bytes", total.bytes}, {"resident_bytes", nullptr}};
  for (const auto& file : files) {
    Json entry{{"path", file.path}, {"bytes", file.bytes}, {"resident_bytes", nullptr}};
    if (file.resident) entry["resident_bytes"] = *file.resident;
    if (!file.reason.empty()) entry["reason"] = file.reason;
    document["files"].push_back(std::move(entry));
  }
  if (total.resident) document["resident_bytes"] = *total.resident;
  return document;
}

std::string line(Bytes bytes, const std::optional<Bytes>& resident, const std::string& what) {
  if (!resident) return fmt::format("{:>10} of {:>10}  {:>6}  {}", "unknown", format_bytes(bytes), "", what);
  if (bytes == 0) return fmt::format("{:>10} of {:>10}  {:>6}  {}", "0 B", "0 B", "-", what);
  const double share = static_cast<double>(*resident) / static_cast<double>(bytes);
  return fmt::format("{:>10} of {:>10}  {:>5.1f}%  {}", format_bytes(*resident), format_bytes(bytes), share * 100, what);
}

std::string to_text(const std::vector<Residency>& files, const pagecache::Total& total) {
  std::string text;
  for (const auto& file : files) {
    text += line(file.bytes, file.resident, printable(file.path)) + "\n";
    if (!file.resident) text += fmt::format("            {}\n", file.reason);
  }
  return text + line(total.bytes, total.resident, fmt::format("in all, {} files", files.size()));
}

Result<Answer> run(const std::vector<std::string>& paths) {
  TRY_ASSIGN(const auto files, files_of(paths));
  TRY_ASSIGN(const auto measured, pagecache::measure_all(files));
  const auto total = pagecache::total(measured);
  return Answer{to_text(measured, total), to_json(measured, total)};
}

}  // namespace

void add_residency(CLI::App& app, Invocation& invocation) {
  auto* command = app.add_subcommand("residency", "Bytes of files that are in the page cache");
  auto paths = std::make_shared<std::vector<std::string>>();
  command->add_option("PATH", *paths, "Files, or folders with all files below")->required();
  command->callback([paths, &invocation] {
    invocation.run = [paths](const Globals&, const std::stop_token&) { return run(*paths); };
  });
}

}  // namespace stoker::cli
