#include "stoker/model/reference.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

#include "stoker/base/text.hpp"
#include "stoker/os/file.hpp"

namespace stoker::model {
namespace {

namespace fs = std::filesystem;

struct Name {
  std::string full;  // "org/name"
  std::string revision;
};

bool is_plain(std::string_view part) {
  return !part.empty() && part != "." && part != ".." && part.find('\0') == std::string_view::npos && part.find('\\') == std::string_view::npos;
}

// "org/name[@revision]" or "name[@revision]"; nothing for what can only be a path.
std::optional<Name> name_of(const std::string& written) {
  const auto at = written.find('@');
  Name name{written.substr(0, at), at == std::string::npos ? "" : written.substr(at + 1)};
  const auto parts = split(name.full, '/');
  if (parts.size() > 2 || !std::all_of(parts.begin(), parts.end(), is_plain)) return std::nullopt;
  if (at != std::string::npos && !is_plain(name.revision)) return std::nullopt;
  return name;
}

bool is_folder(const std::string& path) {
  auto facts = os::look_at(path);
  return facts && facts->directory;
}

// The newest by time of writing of those whose commit begins with the revision asked for.
std::optional<std::string> in_store(const std::string& store, const Name& name) {
  const std::string base = store + "/models/" + name.full;
  auto commits = os::list_folder(base);
  if (store.empty() || !commits) return std::nullopt;
  const std::string wanted = name.revision == "main" ? "" : name.revision;
  std::optional<std::string> newest;
  fs::file_time_type newest_time{};
  for (const std::string& commit : *commits) {
    const std::string folder = base + "/" + commit;
    std::error_code gone;
    const auto time = fs::last_write_time(folder, gone);
    if (gone || !is_folder(folder) || commit.starts_with('.') || !commit.starts_with(wanted)) continue;
    if (newest && time < newest_time) continue;
    newest = folder;
    newest_time = time;
  }
  return newest;
}

std::optional<std::string> in_hub_cache(const std::string& cache, const Name& name) {
  if (cache.empty()) return std::nullopt;
  std::string folded = name.full;
  if (const auto slash = folded.find('/'); slash != std::string::npos) folded.replace(slash, 1, "--");
  const std::string base = cache + "/models--" + folded;
  const std::string revision = name.revision.empty() ? "main" : name.revision;
  const std::string commit = os::read_fact(base + "/refs/" + revision).value_or(revision);
  const std::string folder = base + "/snapshots/" + commit;
  if (!is_plain(commit) || commit.find('/') != std::string::npos || !is_folder(folder)) return std::nullopt;
  return folder;
}

bool is_source(const std::string& written) {
  constexpr std::array<std::string_view, 6> k_schemes{"hf://", "s3://", "https://", "http://", "gs://", "oci://"};
  return std::any_of(k_schemes.begin(), k_schemes.end(), [&](std::string_view scheme) { return written.starts_with(scheme); });
}

Error absent(const std::string& written, const Places& places) {
  return {ErrorKind::not_found,
          fmt::format("model '{}' was not found: no such path, not in the store {}, not in the hub cache {}", printable(written),
                      places.store.empty() ? "(none)" : places.store, places.hub_cache.empty() ? "(none)" : places.hub_cache)};
}

}  // namespace

Result<Located> locate(const std::string& written, const Places& places) {
  if (written.empty()) return fail(ErrorKind::usage, "an empty model name");
  if (is_source(written))
    return fail(ErrorKind::unsupported, fmt::format("{} is a source: stage it first, or give a folder or org/name of the hub cache", printable(written)));
  const std::string path = written.starts_with("file://") ? written.substr(7) : written;
  if (path.find('\0') != std::string::npos) return fail(ErrorKind::usage, "a model name with a zero byte in it");
  auto facts = os::look_at(path);
  if (facts) return Located{written, path, "directory"};
  if (facts.error().kind() != ErrorKind::not_found) return fail(std::move(facts).error());
  const auto parts = split(written, '/');
  if (std::find(parts.begin(), parts.end(), "..") != parts.end() && !path.starts_with('/') && !path.starts_with('.'))
    return fail(ErrorKind::usage, fmt::format("model name '{}' has '..' in it", printable(written)));
  const auto name = name_of(written);
  if (!name) return fail(absent(written, places));
  if (auto folder = in_store(places.store, *name)) return Located{written, *folder, "store"};
  if (auto folder = in_hub_cache(places.hub_cache, *name)) return Located{written, *folder, "hub cache"};
  return fail(absent(written, places));
}

}  // namespace stoker::model
