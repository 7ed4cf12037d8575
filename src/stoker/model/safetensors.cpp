#include "stoker/model/safetensors.hpp"

#include <fmt/core.h>

#include <array>
#include <unordered_set>

#include "stoker/model/extents.hpp"
#include "stoker/model/sax.hpp"

namespace stoker::model {
namespace {

constexpr std::size_t k_most_dimensions = 64;

struct Dtype {
  std::string_view name;
  unsigned bits;
};
constexpr std::array k_dtypes{
    Dtype{"BF16", 16}, Dtype{"F32", 32},     Dtype{"F16", 16},     Dtype{"F64", 64},     Dtype{"I64", 64},     Dtype{"I32", 32},
    Dtype{"I16", 16},  Dtype{"I8", 8},       Dtype{"U8", 8},       Dtype{"BOOL", 8},     Dtype{"U16", 16},     Dtype{"U32", 32},
    Dtype{"U64", 64},  Dtype{"F8_E4M3", 8},  Dtype{"F8_E5M2", 8},  Dtype{"F8_E8M0", 8},  Dtype{"C64", 64},     Dtype{"F4", 4},
    Dtype{"F6_E2M3", 6}, Dtype{"F6_E3M2", 6}, Dtype{"F8_E4M3FNUZ", 8}, Dtype{"F8_E5M2FNUZ", 8},
};

struct Entry {
  Tensor tensor;
  std::vector<std::uint64_t> offsets;  // as written: from the end of the header
};

// nlohmann's ordered documents look keys up one by one: quadratic for the 20 000 tensors of a large
// mixture of experts. Events with a hash set of names are linear.
class Header final : public StrictSax {
public:
  std::vector<Entry> entries;

  bool start_object(std::size_t) override {
    if (m_depth >= 2 || m_list != nullptr) return refuse("an object");
    if (++m_depth == 2 && !m_metadata) entries.push_back({});
    if (m_depth == 2) m_fields.clear();
    if (m_depth == 2 && !m_metadata) entries.back().tensor.name = m_name;
    return true;
  }
  bool end_object() override {
    if (m_depth-- == 2 && !m_metadata && m_fields.size() != 3) return because(fmt::format("tensor {} lacks dtype, shape or data_offsets", shown()));
    m_metadata = false;
    m_field.clear();
    return true;
  }
  bool key(string_t& name) override {
    if (m_depth == 1) {
      if (!m_names.insert(name).second) return because(fmt::format("tensor {} stands twice", printable(name, 120)));
      m_name = name;
      m_metadata = name == "__metadata__";
      return true;
    }
    m_field = name;
    if (!m_fields.insert(name).second) return because(fmt::format("key {} stands twice, {}", printable(name, 120), where()));
    return m_metadata || name == "dtype" || name == "shape" || name == "data_offsets" || because(fmt::format("unknown field {}, {}", printable(name, 120), where()));
  }
  bool string(string_t& text) override {
    if (m_depth != 2 || m_list != nullptr) return refuse("a string");
    if (m_metadata) return true;
    if (m_field != "dtype") return refuse("a string");
    entries.back().tensor.dtype = text;
    return safetensors_bits(text).has_value() || because(fmt::format("tensor {} has the unknown dtype {}", shown(), printable(text, 40)));
  }
  bool start_array(std::size_t) override {
    if (m_depth != 2 || m_metadata || m_list != nullptr || m_field == "dtype") return refuse("an array");
    m_list = m_field == "shape" ? &entries.back().tensor.shape : &entries.back().offsets;
    return true;
  }
  bool end_array() override {
    m_list = nullptr;
    return true;
  }
  bool number_unsigned(number_unsigned_t number) override {
    if (m_list == nullptr) return refuse("a number");
    m_list->push_back(number);
    return m_list->size() <= k_most_dimensions || because(fmt::format("tensor {} has more than {} dimensions", shown(), k_most_dimensions));
  }

protected:
  [[nodiscard]] std::string where() const override { return m_depth < 2 ? "at the top" : fmt::format("in {}", shown()); }

private:
  [[nodiscard]] std::string shown() const { return printable(m_name, 120); }

  int m_depth = 0;
  bool m_metadata = false;
  std::string m_name, m_field;
  std::unordered_set<std::string> m_names, m_fields;
  std::vector<std::uint64_t>* m_list = nullptr;
};

Result<Bytes> header_length(const Source& source) {
  if (source.bytes < 8) return fail(ErrorKind::invalid, fmt::format("{}: {} bytes, too few for a safetensors file", source.path, source.bytes));
  Cursor cursor(source, 0, 8);
  const Bytes length = cursor.u64();
  TRY(cursor.status());
  if (length > k_safetensors_header_limit)
    return fail(ErrorKind::invalid, fmt::format("{}: header of {} bytes, more than the {} that the format allows", source.path, length, k_safetensors_header_limit));
  if (length > source.bytes - 8)
    return fail(ErrorKind::invalid, fmt::format("{}: header of {} bytes, but the file ends at byte {}", source.path, length, source.bytes));
  return length;
}

// Fills in offset, bytes and parameters. Errors: the cause, without the file's name.
Status place(Entry& entry, const Shard& shard) {
  Tensor& tensor = entry.tensor;
  const std::string name = printable(tensor.name, 120);
  tensor.parameters = 1;
  for (const std::uint64_t extent : tensor.shape)
    if (!multiply(tensor.parameters, extent)) return fail(ErrorKind::invalid, fmt::format("the shape of tensor {} overflows", name));
  std::uint64_t bits = tensor.parameters;
  if (!multiply(bits, *safetensors_bits(tensor.dtype))) return fail(ErrorKind::invalid, fmt::format("the size of tensor {} overflows", name));
  if (entry.offsets.size() != 2) return fail(ErrorKind::invalid, fmt::format("data_offsets of tensor {} are not two numbers", name));
  const Bytes begin = entry.offsets[0];
  Bytes end = entry.offsets[1];
  if (begin > end) return fail(ErrorKind::invalid, fmt::format("data_offsets of tensor {} run backwards", name));
  if (bits % 8 != 0 || end - begin != bits / 8)
    return fail(ErrorKind::invalid, fmt::format("tensor {} takes {} bytes, its shape and dtype say {}", name, end - begin, bits / 8));
  if (!add(end, 8 + shard.header_bytes) || end > shard.bytes)
    return fail(ErrorKind::invalid, fmt::format("the file ends at byte {}, tensor {} needs {}", shard.bytes, name, entry.offsets[1] + 8 + shard.header_bytes));
  tensor.offset = 8 + shard.header_bytes + begin;
  tensor.bytes = end - begin - 8 - shard.header_bytes;
  return {};
}

// The tensor that reaches furthest is the one to name when the file is cut short: it tells the size it should have.
Status place_all(std::vector<Entry>& entries, Shard& shard) {
  std::optional<Error> furthest;
  Bytes reach = 0;
  for (Entry& entry : entries) {
    Status placed = place(entry, shard);
    if (!placed && entry.offsets.size() == 2 && entry.offsets[1] > reach) {
      reach = entry.offsets[1];
      furthest = placed.error();
    } else if (!placed && !furthest) {
      furthest = placed.error();
    }
    if (placed) shard.tensors.push_back(std::move(entry.tensor));
  }
  if (furthest) return fail(std::move(*furthest).context(shard.path));
  return {};
}

}  // namespace

std::optional<unsigned> safetensors_bits(std::string_view dtype) {
  for (const Dtype& known : k_dtypes)
    if (known.name == dtype) return known.bits;
  return std::nullopt;
}

Result<Shard> read_safetensors(const Source& source, std::vector<Finding>& findings) {
  TRY_ASSIGN(const Bytes length, header_length(source));
  std::string text(static_cast<std::size_t>(length), '\0');
  TRY(source.read(std::as_writable_bytes(std::span(text)), 8));
  Header header;
  Status parsed = parse_strictly(text, header);
  if (!parsed) return fail(std::move(parsed).error().context(source.path + ": header"));
  if (text.front() != '{') return fail(ErrorKind::invalid, fmt::format("{}: header does not begin with '{{'", source.path));
  Shard shard{source.path, source.bytes, length, {}};
  shard.tensors.reserve(header.entries.size());
  TRY(place_all(header.entries, shard));
  shard.header_bytes = 8 + length;
  check_extents(shard, {shard.header_bytes, 1}, findings);
  return shard;
}

}  // namespace stoker::model
