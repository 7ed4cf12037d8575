// Synthetic models: real names, shapes and dtypes, seeded incompressible values, a tokenizer engines accept.
#pragma once

#include <cstdint>
#include <optional>
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
  Bytes weight_bytes = 0;
  std::uint64_t parameters = 0;
  std::uint32_t layers = 0;
};

std::vector<std::string> shape_names();

// What write_synthetic would write. Errors: usage (unknown shape, with the nearest; bytes too small).
Result<Synthetic> plan_synthetic(const SyntheticPlan& plan);

// Writes into `folder` (made when absent) and syncs. The same plan gives the same bytes.
// Errors: usage; exists when the folder holds weights already; no_space before the first byte.
Result<Synthetic> write_synthetic(const SyntheticPlan& plan, const std::string& folder);

}  // namespace stoker::model
