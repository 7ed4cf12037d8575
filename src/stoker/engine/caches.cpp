// Compile and JIT caches: where engines keep them, and how full they are.
#include <fmt/core.h>
#include <pwd.h>
#include <unistd.h>

#include "stoker/engine/bytecode.hpp"
#include "stoker/engine/python.hpp"
#include "stoker/os/file.hpp"

namespace stoker::engine {
namespace {

constexpr std::size_t k_most_files = 200'000;  // a Triton cache of a year has some ten thousand

std::string home(const Environment& environment) {
  const auto folder = variable(environment, "HOME");
  if (!folder.empty()) return folder;
  const passwd* entry = ::getpwuid(::getuid());
  return entry == nullptr ? "/root" : entry->pw_dir;
}

std::string either(const std::string& chosen, const std::string& otherwise) { return chosen.empty() ? otherwise : chosen; }

// As Python's getpass.getuser looks for it.
std::string user(const Environment& environment) {
  for (const char* name : {"LOGNAME", "USER", "LNAME", "USERNAME"})
    if (auto found = variable(environment, name); !found.empty()) return found;
  const passwd* entry = ::getpwuid(::getuid());
  return entry == nullptr ? "root" : entry->pw_name;
}

std::string compile_cache(const Environment& environment) {
  const auto caches = either(variable(environment, "XDG_CACHE_HOME"), home(environment) + "/.cache");
  return either(variable(environment, "VLLM_CACHE_ROOT"), caches + "/vllm") + "/torch_compile_cache";
}

std::string triton_cache(const Environment& environment) {
  const auto base = either(variable(environment, "TRITON_HOME"), home(environment));
  return either(variable(environment, "TRITON_CACHE_DIR"), base + "/.triton/cache");
}

std::string flashinfer_cache(const Environment& environment) {
  return either(variable(environment, "FLASHINFER_WORKSPACE_BASE"), home(environment)) + "/.cache/flashinfer";
}

std::string cuda_cache(const Environment& environment) {
  return either(variable(environment, "CUDA_CACHE_PATH"), home(environment) + "/.nv/ComputeCache");
}

std::string inductor_cache(const Environment& environment) {
  const auto temporary = either(variable(environment, "TMPDIR"), "/tmp");
  return either(variable(environment, "TORCHINDUCTOR_CACHE_DIR"), temporary + "/torchinductor_" + user(environment));
}

record::FileState look_at_cache(const std::string& what, const std::string& path) {
  record::FileState state{what, "empty", "", path, Bytes{0}};
  const auto files = os::files_under(path, k_most_files);
  if (!files) {
    if (files.error().kind() == ErrorKind::not_found) return state;
    return {what, "unknown", files.error().message(), path, std::nullopt};
  }
  for (const auto& file : *files)
    if (const auto facts = os::look_at(file)) *state.bytes += facts->bytes;
  if (files->empty()) return state;
  state.state = "filled";
  state.reason = fmt::format("{} in {} file{}", format_bytes(*state.bytes), files->size(), files->size() == 1 ? "" : "s");
  return state;
}

}  // namespace

std::vector<record::FileState> cache_states(const Environment& environment) {
  return {look_at_cache("vllm compile cache", compile_cache(environment)),
          look_at_cache("triton cache", triton_cache(environment)),
          look_at_cache("flashinfer cache", flashinfer_cache(environment)),
          look_at_cache("cuda cache", cuda_cache(environment)),
          look_at_cache("inductor cache", inductor_cache(environment))};
}

// XDG_CACHE_HOME is left alone: the Hugging Face cache, and with it the model, may lie there.
Environment fresh_environment(const std::string& folder) {
  return {{"VLLM_CACHE_ROOT", folder + "/vllm"},
          {"TRITON_CACHE_DIR", folder + "/triton"},
          {"FLASHINFER_WORKSPACE_BASE", folder + "/flashinfer"},
          {"CUDA_CACHE_PATH", folder + "/cuda"},
          {"TORCHINDUCTOR_CACHE_DIR", folder + "/inductor"},
          {"PYTHONPYCACHEPREFIX", folder + "/bytecode"}};
}

}  // namespace stoker::engine
