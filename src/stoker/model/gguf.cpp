#include "stoker/model/gguf.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <unordered_set>

#include "stoker/base/text.hpp"
#include "stoker/model/extents.hpp"

namespace stoker::model {
namespace {

// Bounds of what a header may claim. Real ones: 1 500 tensors, 60 keys, names of 40 bytes, no nested arrays.
constexpr std::uint64_t k_most_tensors = 1'000'000;
constexpr std::uint64_t k_most_keys = 100'000;
constexpr Bytes k_longest_name = 4096;
constexpr unsigned k_most_dimensions = 8;
constexpr int k_deepest_array = 4;
constexpr std::uint64_t k_largest_alignment = 1 * k_mib;
constexpr std::size_t k_askew_told = 8;  // findings of a kind: a broken header must not fill a screen

enum ValueType : std::uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, string, array, u64, i64, f64 };

// Bytes of a value of fixed size, 0 for the others.
Bytes width_of(std::uint32_t type) {
  constexpr std::array<Bytes, 13> k_widths{1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
  return type < k_widths.size() ? k_widths[type] : 0;
}

std::string name_of(Cursor& cursor) {
  const std::uint64_t length = cursor.u64();
  if (length > k_longest_name) cursor.refuse(fmt::format("a name of {} bytes at byte {}", length, cursor.position()));
  return cursor.ok() ? cursor.text(length, length) : std::string();
}

void skip_value(Cursor& cursor, std::uint32_t type, int depth);

void skip_array(Cursor& cursor, int depth) {
  const std::uint32_t type = cursor.u32();
  const std::uint64_t count = cursor.u64();
  const Bytes width = width_of(type);
  if (depth > k_deepest_array) cursor.refuse(fmt::format("arrays nested deeper than {}", k_deepest_array));
  // Each element takes at least `least` bytes, so a count that the rest of the file cannot hold is a lie.
  const Bytes least = width != 0 ? width : type == string ? 8 : 12;
  if (count > cursor.left() / least) cursor.refuse(fmt::format("an array of {} elements at byte {} does not fit into the file", count, cursor.position()));
  if (!cursor.ok()) return;
  if (width != 0) return cursor.skip(count * width);
  for (std::uint64_t i = 0; i < count && cursor.ok(); ++i) skip_value(cursor, type, depth);
}

void skip_value(Cursor& cursor, std::uint32_t type, int depth) {
  if (type == string) return cursor.skip(cursor.u64());
  if (type == array) return skip_array(cursor, depth + 1);
  if (width_of(type) == 0) return cursor.refuse(fmt::format("unknown value type {} at byte {}", type, cursor.position()));
  cursor.skip(width_of(type));
}

void read_pair(Cursor& cursor, const std::string& key, Gguf& file) {
  const std::uint32_t type = cursor.u32();
  if (type == string && (key == "general.architecture" || key == "general.name")) {
    const std::uint64_t length = cursor.u64();
    (key == "general.name" ? file.name : file.architecture) = cursor.text(length, k_longest_name);
  } else if (key == "general.alignment") {
    if (type != u32) cursor.refuse("general.alignment is no 32-bit number");
    file.alignment = cursor.u32();
    if (cursor.ok() && (file.alignment == 0 || (file.alignment & (file.alignment - 1)) != 0 || file.alignment > k_largest_alignment))
      cursor.refuse(fmt::format("an alignment of {}", file.alignment));
  } else if (key == "split.count" && type == u16) {
    file.split_count = cursor.u16();
  } else {
    skip_value(cursor, type, 0);
  }
}

void read_metadata(Cursor& cursor, std::uint64_t pairs, Gguf& file) {
  std::unordered_set<std::string> keys;
  for (std::uint64_t i = 0; i < pairs && cursor.ok(); ++i) {
    const std::string key = name_of(cursor);
    if (cursor.ok() && !keys.insert(key).second) cursor.refuse(fmt::format("key {} stands twice", printable(key, 120)));
    read_pair(cursor, key, file);
  }
}

Tensor read_info(Cursor& cursor) {
  Tensor tensor;
  tensor.name = name_of(cursor);
  const std::string name = printable(tensor.name, 120);
  const std::uint32_t dimensions = cursor.u32();
  if (dimensions > k_most_dimensions) cursor.refuse(fmt::format("tensor {} has {} dimensions", name, dimensions));
  tensor.parameters = 1;
  for (std::uint32_t i = 0; i < dimensions && cursor.ok(); ++i) {
    tensor.shape.push_back(cursor.u64());
    if (!multiply(tensor.parameters, tensor.shape.back())) cursor.refuse(fmt::format("the shape of tensor {} overflows", name));
  }
  const std::uint32_t id = cursor.u32();
  tensor.offset = cursor.u64();
  if (!cursor.ok()) return tensor;
  const auto type = ggml_type(id);
  if (!type) {
    cursor.refuse(fmt::format("tensor {} has the unknown type {}", name, id));
    return tensor;
  }
  tensor.dtype = type->name;
  const std::uint64_t row = tensor.shape.empty() ? 1 : tensor.shape.front();
  tensor.bytes = tensor.parameters / type->elements;
  if (row % type->elements != 0 || !multiply(tensor.bytes, type->bytes))
    cursor.refuse(fmt::format("rows of {} elements do not fit type {}, tensor {}", row, type->name, name));
  std::reverse(tensor.shape.begin(), tensor.shape.end());
  return tensor;
}

void read_infos(Cursor& cursor, std::uint64_t count, Shard& shard) {
  std::unordered_set<std::string> names;
  for (std::uint64_t i = 0; i < count && cursor.ok(); ++i) {
    shard.tensors.push_back(read_info(cursor));
    if (cursor.ok() && !names.insert(shard.tensors.back().name).second)
      cursor.refuse(fmt::format("tensor {} stands twice", printable(shard.tensors.back().name, 120)));
  }
}

// Offsets in the file count from the aligned end of the header; makes them absolute.
Status place(Gguf& file, Bytes data, std::vector<Finding>& findings) {
  const Shard& shard = file.shard;
  Bytes reach = 0;
  const Tensor* furthest = nullptr;
  std::size_t askew = 0;
  for (Tensor& tensor : file.shard.tensors) {
    if (tensor.offset % file.alignment != 0 && ++askew <= k_askew_told)
      findings.push_back({true, shard.path, fmt::format("tensor {} does not begin at a multiple of {}", printable(tensor.name, 120), file.alignment)});
    if (!add(tensor.offset, data)) return fail(ErrorKind::invalid, fmt::format("{}: the offset of tensor {} overflows", shard.path, printable(tensor.name, 120)));
    Bytes end = tensor.offset;
    if (!add(end, tensor.bytes)) return fail(ErrorKind::invalid, fmt::format("{}: the end of tensor {} overflows", shard.path, printable(tensor.name, 120)));
    if (end > reach) {
      reach = end;
      furthest = &tensor;
    }
  }
  if (furthest != nullptr && reach > shard.bytes)
    return fail(ErrorKind::invalid, fmt::format("{}: the file ends at byte {}, tensor {} needs {}", shard.path, shard.bytes, printable(furthest->name, 120), reach));
  return {};
}

void read_preamble(Cursor& cursor, Gguf& file) {
  const std::uint32_t magic = cursor.u32();
  if (cursor.ok() && magic != 0x46554747) cursor.refuse("does not begin with GGUF");
  file.version = cursor.u32();
  if (cursor.ok() && (file.version & 0xffff) == 0) cursor.refuse("a big-endian GGUF");
  if (cursor.ok() && file.version != 2 && file.version != 3) cursor.refuse(fmt::format("GGUF version {}, 2 and 3 are known", file.version));
}

}  // namespace

Result<Gguf> read_gguf(const Source& source, std::vector<Finding>& findings) {
  Cursor cursor(source, 0, source.bytes);
  Gguf file;
  file.shard = {source.path, source.bytes, 0, {}};
  read_preamble(cursor, file);
  const std::uint64_t tensors = cursor.u64();
  const std::uint64_t pairs = cursor.u64();
  constexpr Bytes k_least_info = 24;  // empty name, no dimensions
  constexpr Bytes k_least_pair = 13;  // empty key, one byte
  if (tensors > k_most_tensors || tensors > cursor.left() / k_least_info) cursor.refuse(fmt::format("{} tensors do not fit into the file", tensors));
  if (pairs > k_most_keys || pairs > cursor.left() / k_least_pair) cursor.refuse(fmt::format("{} keys do not fit into the file", pairs));
  read_metadata(cursor, pairs, file);
  read_infos(cursor, tensors, file.shard);
  TRY(cursor.status());
  const Bytes over = cursor.position() % file.alignment;
  const Bytes data = over == 0 ? cursor.position() : cursor.position() + (file.alignment - over);
  file.shard.header_bytes = std::min(data, source.bytes);
  TRY(place(file, data, findings));
  check_extents(file.shard, {file.shard.header_bytes, file.alignment}, findings);
  return file;
}

}  // namespace stoker::model
