// The weight files of a model: which files an engine will read, in which order, and what is in them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/base/units.hpp"

namespace stoker::model {

enum class Format { safetensors, gguf, pickle };
std::string_view to_string(Format format);

struct Tensor {
  std::string name;
  std::string dtype;                 // as the format writes it: "BF16", "F32", "Q4_K"
  std::vector<std::uint64_t> shape;  // outermost first, whatever the format's order
  Bytes offset = 0;                  // of its first byte in the file; 0 for pickle members that are compressed
  Bytes bytes = 0;
  std::uint64_t parameters = 0;      // product of shape
};

struct Shard {
  std::string path;   // as given, links not resolved
  Bytes bytes = 0;    // of the whole file
  Bytes header_bytes = 0;
  std::vector<Tensor> tensors;  // by offset
};

// One finding of an inspection; an error makes the model unfit to load.
struct Finding {
  bool error = false;
  std::string path;
  std::string what;  // "tensors a and b overlap at byte 4096", "17 bytes after the last tensor"
};

struct Inspection {
  Format format = Format::safetensors;
  std::vector<Shard> shards;
  std::vector<Finding> findings;
  [[nodiscard]] Bytes bytes() const;  // of the files, headers included
  [[nodiscard]] std::uint64_t parameters() const;
};

// The weight files of a folder, or of one file, in the order of their names: the shards that
// *.safetensors.index.json names when there is one, else *.safetensors, else *.gguf, else pickles of one
// suffix (by *.bin.index.json, *.bin, *.pt, *.pth, *.ckpt; what training leaves beside them is passed over). A split GGUF (-00001-of-0000N) brings its siblings.
// Errors: not_found (no such path, no weights in it, a shard that the index names is absent: says which),
// invalid (an index that is no index or names a path outside the folder; a weight file of zero bytes).
Result<std::vector<std::string>> weight_files(const std::string& path);

// Reads headers only, never a tensor byte, and never executes a pickle.
// Errors: those of weight_files; invalid when a file breaks its format (truncated, header too large,
// offsets outside the file): one line naming file and cause. Lesser faults are findings.
Result<Inspection> inspect(const std::string& path);

}  // namespace stoker::model
