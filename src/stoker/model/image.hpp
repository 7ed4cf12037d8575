// A weight file before it is written: where each byte comes from. Any part can be made at any time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "stoker/base/units.hpp"
#include "stoker/model/random_weights.hpp"
#include "stoker/model/shapes.hpp"

namespace stoker::model {

struct Extent {
  Bytes offset = 0;
  Bytes bytes = 0;
  std::uint64_t stream = 0;
  Element element = Element::bf16;
  bool ones = false;
};

// Immutable once made; thread-safe.
struct FileImage {
  std::string name;
  std::string header;           // the file's first bytes
  std::vector<Extent> extents;  // by offset; gaps are zero bytes
  Bytes bytes = 0;
};

// The bytes of `image` from `offset` on.
void render(const FileImage& image, Bytes offset, std::span<std::byte> out);

// The tensors of `shape` as safetensors files, split and sorted as the original's. The index's text is
// empty when there is one file.
struct HubImages {
  std::vector<FileImage> files;
  std::string index;
};
HubImages hub_images(const Shape& shape, std::uint64_t seed);

// The same model as one GGUF file: bf16 matrices, F32 norms and biases, a byte-level tokenizer.
FileImage gguf_image(const Shape& shape, std::uint64_t seed);

}  // namespace stoker::model
