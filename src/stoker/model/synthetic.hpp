// Synthetic models: real names, shapes and dtypes, seeded incompressible values, a tokenizer engines accept.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/base/units.hpp"

namespace stoker::model {

enum class SyntheticFormat { safetensors, gguf };

struct SyntheticPlan {
  std::string shape;                    // "qwen2.5-0.5b", …: one of shape_names()
  std::optional<std::uint32_t> layers;  // fewer (or more) than the original
  std::optional<Bytes> bytes;           // shrink the layer count, then the vocabulary, until the weights fit
  std::uint64_t seed = 0;
  SyntheticFormat format = SyntheticFormat::safetensors;
};

struct Synthetic {
  std::vector<std::string> files;  // written (or to be written), relative to the folder
  Bytes weight_bytes = 0;  // of the weight files, headers included
  std::uint64_t parameters = 0;
  std::uint32_t layers = 0;
};

std::vector<std::string> shape_names();

// With `bytes`, the weight files take between 95 and 100 % of it, or what the shape takes when that is less.
// What write_synthetic would write. Errors: usage (unknown shape, with the nearest; bytes too small).
Result<Synthetic> plan_synthetic(const SyntheticPlan& plan);

// Writes into `folder` (made when absent) and syncs. The same plan gives the same bytes. Files get their names
// when all are whole. Errors: usage; exists when the folder holds weights already; no_space before the first
// byte; cancelled.
Result<Synthetic> write_synthetic(const SyntheticPlan& plan, const std::string& folder, const std::stop_token& stop = {});

}  // namespace stoker::model
