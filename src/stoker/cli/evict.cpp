// stoker evict PATH…: empties the page cache of these files and proves it.
#include "stoker/pagecache/evict.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <memory>

#include "stoker/base/text.hpp"
#include "stoker/cli/command.hpp"
#include "stoker/cli/exit_code.hpp"
#include "stoker/cli/paths.hpp"

namespace stoker::cli {
namespace {

using pagecache::Eviction;

struct Options {
  std::vector<std::string> paths;
  pagecache::EvictOptions evict;
};

Json or_null(const std::optional<Bytes>& bytes) { return bytes ? Json(*bytes) : Json(nullptr); }

bool empty_now(const Eviction& file) { return file.after && *file.after == 0; }

struct Sum {
  Bytes bytes = 0;
  std::optional<Bytes> before{0}, after{0};
};

Sum sum(const std::vector<Eviction>& files) {
  Sum all;
  const auto add = [](std::optional<Bytes>& to, const std::optional<Bytes>& more) { to = to && more ? std::optional(*to + *more) : std::nullopt; };
  for (const auto& file : files) {
    all.bytes += file.bytes;
    add(all.before, file.before);
    add(all.after, file.after);
  }
  return all;
}

Json to_json(const std::vector<Eviction>& files, const Options& options) {
  const Sum all = sum(files);
  Json document{{"schema", "stoker.evict/1"},   {"dry_run", options.evict.dry_run},
                {"files", Json::array()},       {"bytes", all.bytes},
                {"resident_bytes_before", or_null(all.before)}, {"resident_bytes", or_null(all.after)}};
  for (const auto& file : files) {
    Json entry{{"path", file.path}, {"bytes", file.bytes}, {"resident_bytes_before", or_null(file.before)}, {"resident_bytes", or_null(file.after)},
               {"reason", file.reason.empty() ? Json(nullptr) : Json(file.reason)}, {"holders", Json::array()}};
    for (const auto& holder : file.holders) entry["holders"].push_back({{"pid", holder.pid}, {"name", holder.name}, {"command", holder.command}});
    document["files"].push_back(std::move(entry));
  }
  return document;
}

std::string to_text(const std::vector<Eviction>& files, const Options& options) {
  const Sum all = sum(files);
  std::string text;
  for (const auto& file : files)
    if (!file.reason.empty()) text += fmt::format("{}: {}\n", printable(file.path), file.reason);
  const auto shown = [](const std::optional<Bytes>& bytes) { return bytes ? format_bytes(*bytes) : std::string("unknown"); };
  if (options.evict.dry_run) return text + fmt::format("would evict {} of {} in {} files", shown(all.before), format_bytes(all.bytes), files.size());
  return text + fmt::format("resident {} -> {} of {} in {} files", shown(all.before), shown(all.after), format_bytes(all.bytes), files.size());
}

Result<Answer> run(const Options& options) {
  TRY_ASSIGN(const auto files, files_of(options.paths));
  TRY_ASSIGN(const auto evicted, pagecache::evict(files, options.evict));
  const bool all_empty = std::all_of(evicted.begin(), evicted.end(), empty_now);
  return Answer{to_text(evicted, options), to_json(evicted, options), all_empty || options.evict.dry_run ? k_ok : k_partly};
}

}  // namespace

void add_evict(CLI::App& app, Invocation& invocation) {
  auto* command = app.add_subcommand("evict", "Take files out of the page cache, without root, and prove it");
  auto options = std::make_shared<Options>();
  command->add_option("PATH", options->paths, "Files, or folders with all files below")->required();
  command->add_flag("-n,--dry-run", options->evict.dry_run, "Only say what is resident and who holds it");
  command->footer("Exit code 3 when pages stay; the reason names the process that maps them.");
  command->callback([options, &invocation] {
    invocation.run = [options](const Globals&, const std::stop_token&) { return run(*options); };
  });
}

}  // namespace stoker::cli
