// The lab engine: reads every tensor's bytes into memory, then answers ready. The storage floor of an engine;
// it does not infer, and says so.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "stoker/base/result.hpp"
#include "stoker/base/units.hpp"

namespace stoker::lab {

enum class Load { mmap, read, direct };
std::optional<Load> load_named(std::string_view name);

struct EnginePlan {
  std::string model;  // folder or file
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // 0: a free one, told in the last line
  Load load = Load::mmap;
  Seconds init{0};    // a pause before the first byte, as real engines have
};

// Loads, serves /health and /v1/models until stop, then returns success. `say` gets the log lines (the markers
// of kind lab), from the calling thread. Errors: those of model::inspect; no_space when the tensors do not fit
// into memory; busy (port); unsupported (direct reads, on a filesystem without); cancelled before it was ready.
Status run_engine(const EnginePlan& plan, const std::function<void(const std::string&)>& say, const std::stop_token& stop);

}  // namespace stoker::lab
