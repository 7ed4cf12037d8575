#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "stoker/model/image.hpp"

namespace stoker::model {
namespace {

constexpr Bytes k_element = 2;  // bf16

using Shards = std::vector<std::vector<SyntheticTensor>>;

// A shard ends before the tensor that would take it past the limit, as the hub's own splitting does.
Shards split_into_shards(std::vector<SyntheticTensor> tensors, Bytes limit) {
  Shards shards(1);
  Bytes filled = 0;
  for (SyntheticTensor& tensor : tensors) {
    const Bytes bytes = tensor.elements() * k_element;
    if (filled > 0 && filled + bytes > limit) {
      shards.emplace_back();
      filled = 0;
    }
    filled += bytes;
    shards.back().push_back(std::move(tensor));
  }
  // The format's own writer sorts by dtype, then by name; all of ours have one dtype.
  for (auto& shard : shards) std::sort(shard.begin(), shard.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return shards;
}

std::string shape_text(const std::vector<std::uint64_t>& shape) { return shape.size() == 2 ? fmt::format("[{},{}]", shape[0], shape[1]) : fmt::format("[{}]", shape[0]); }

FileImage image_of(std::string name, const std::vector<SyntheticTensor>& tensors, std::uint64_t seed) {
  FileImage image{std::move(name), R"({"__metadata__":{"format":"pt"})", {}, 0};
  Bytes end = 0;
  for (const SyntheticTensor& tensor : tensors) {
    const Bytes bytes = tensor.elements() * k_element;
    image.header += fmt::format(R"(,"{}":{{"dtype":"BF16","shape":{},"data_offsets":[{},{}]}})", tensor.name, shape_text(tensor.shape), end, end + bytes);
    image.extents.push_back({end, bytes, stream_of(seed, tensor.name), Element::bf16, tensor.content == Content::norm});
    end += bytes;
  }
  image.header += '}';
  while (image.header.size() % 8 != 0) image.header += ' ';
  std::string length(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) length[i] = static_cast<char>(image.header.size() >> (8 * i) & 0xff);
  image.header.insert(0, length);
  for (Extent& extent : image.extents) extent.offset += image.header.size();
  image.bytes = image.header.size() + end;
  return image;
}

// As the hub writes it: two blanks, keys sorted.
std::string index_of(const Shards& shards, const std::vector<FileImage>& files) {
  std::map<std::string, std::string> holder;
  Bytes total = 0;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    total += files[i].bytes - files[i].header.size();
    for (const SyntheticTensor& tensor : shards[i]) holder[tensor.name] = files[i].name;
  }
  std::string text = fmt::format("{{\n  \"metadata\": {{\n    \"total_size\": {}\n  }},\n  \"weight_map\": {{", total);
  const char* comma = "";
  for (const auto& [tensor, file] : holder) {
    text += fmt::format("{}\n    \"{}\": \"{}\"", comma, tensor, file);
    comma = ",";
  }
  return text + "\n  }\n}\n";
}

}  // namespace

HubImages hub_images(const Shape& shape, std::uint64_t seed) {
  const Shards shards = split_into_shards(hub_tensors(shape), shape.shard_limit);
  HubImages images;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    const std::string name = shards.size() == 1 ? "model.safetensors" : fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, shards.size());
    images.files.push_back(image_of(name, shards[i], seed));
  }
  if (shards.size() > 1) images.index = index_of(shards, images.files);
  return images;
}

}  // namespace stoker::model
