// Engines we know: how to recognise one by its command, compose a command for one, and know when it is ready.
// Pure functions but for compose, which looks for a GGUF; thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "stoker/base/result.hpp"

namespace stoker::engine {

enum class Kind { vllm, sglang, llama_server, tgi, lab, command };
std::string_view to_string(Kind kind);
std::optional<Kind> kind_named(std::string_view name);

// How a start is known to be over, and what it can then be asked.
struct Readiness {
  std::vector<std::string> paths;     // any of them answering 200 is ready: "/v1/models" for vllm, "/health" for llama-server
  bool wants_model_listed = false;    // the body must list at least one model (vLLM, TGI)
  bool completes = true;              // try a one-token completion at /v1/completions after ready
};
Readiness readiness_of(Kind kind);

// By argv alone: `vllm serve`, `python -m vllm.entrypoints…`, `sglang serve`, `python -m sglang.launch_server`,
// `llama-server`, `text-generation-launcher`; behind env, nice, numactl, uv run, podman/docker run with a known image.
Kind detect(const std::vector<std::string>& argv);

// The port that argv itself asks for (--port N, --port=N, -p N where the engine has it), else nothing.
std::optional<std::uint16_t> port_in(Kind kind, const std::vector<std::string>& argv);
std::uint16_t default_port(Kind kind);

// Variables that argv's own wrappers set or unset (`env VAR=x`, `env -u VAR`, `sudo VAR=x`): they win over any other.
std::map<std::string, std::optional<std::string>> environment_in(const std::vector<std::string>& argv);

// argv with {model} and {port} filled in, nothing else touched.
std::vector<std::string> fill_in(std::vector<std::string> argv, const std::string& model, std::uint16_t port);

struct ComposePlan {
  Kind kind = Kind::vllm;
  std::string model;                   // folder or file
  std::uint16_t port = 0;
  std::optional<std::uint64_t> max_model_len;
  std::string self;                    // our own executable, for the lab engine
  std::vector<std::string> lab_flags;  // after `--`, for the lab engine only
};
// Errors: usage for Kind::command, which nobody can compose; llama-server given a folder without a GGUF.
Result<std::vector<std::string>> compose(const ComposePlan& plan);

// Things a user should know about this command before believing its numbers: loaders that read past the page cache
// (--load-format fastsafetensors | runai_streamer | instanttensor, --load-mode dio), engines that drop it after
// loading (--weight-loader-drop-cache-after-load), dummy weights.
struct LoaderFacts {
  bool bypasses_page_cache = false;
  std::vector<std::string> warnings;
};
LoaderFacts loader_facts(Kind kind, const std::vector<std::string>& argv);

}  // namespace stoker::engine
