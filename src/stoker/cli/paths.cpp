#include "stoker/cli/paths.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>
#include <set>

#include "stoker/os/file.hpp"

namespace stoker::cli {

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

namespace {

std::string home() { return environment("HOME").value_or("/"); }

}  // namespace

std::string default_store() {
  if (::geteuid() == 0) return "/var/lib/stoker";
  return environment("XDG_DATA_HOME").value_or(home() + "/.local/share") + "/stoker";
}

model::Places places(const Globals& globals) {
  const std::string hub_home = environment("HF_HOME").value_or(environment("XDG_CACHE_HOME").value_or(home() + "/.cache") + "/huggingface");
  return {globals.store, environment("HF_HUB_CACHE").value_or(hub_home + "/hub")};
}

Result<model::Located> locate_model(const std::string& given, const Globals& globals) {
  const auto written = !given.empty() ? std::optional(given) : environment("MODEL_PATH") ? environment("MODEL_PATH") : environment("MODEL");
  if (!written) return fail(ErrorKind::usage, "no MODEL given: name a folder, a file or org/name, or set MODEL_PATH");
  return model::locate(*written, places(globals));
}

Result<std::vector<std::string>> files_of(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  std::set<std::string> seen;
  for (const auto& path : paths) {
    TRY_ASSIGN(const auto below, os::files_under(path));
    for (const auto& file : below)
      if (seen.insert(file).second) files.push_back(file);
  }
  return files;
}

}  // namespace stoker::cli
