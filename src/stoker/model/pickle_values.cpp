#include "stoker/model/pickle_values.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <unordered_set>

namespace stoker::model {
namespace {

using Kind = Value::Kind;

constexpr int k_deepest = 32;               // dictionaries in dictionaries; a state dict is one or two deep
constexpr std::size_t k_longest_name = 256;  // of a tensor: real ones have 80 characters

constexpr std::size_t k_longest_key = 64;    // of a storage: a small number, or an address in the old format

struct Named {
  std::string_view torch, dtype;
  unsigned bits;
};
// Storage classes without "Storage", and the names that torch.<dtype> has.
constexpr std::array k_storages{Named{"Float", "F32", 32}, Named{"Double", "F64", 64}, Named{"Half", "F16", 16},  Named{"BFloat16", "BF16", 16},
                                Named{"Byte", "U8", 8},    Named{"Char", "I8", 8},     Named{"Short", "I16", 16}, Named{"Int", "I32", 32},
                                Named{"Long", "I64", 64},  Named{"Bool", "BOOL", 8},   Named{"ComplexFloat", "C64", 64}, Named{"ComplexDouble", "C128", 128},
                                Named{"Untyped", "U8", 8}};
constexpr std::array k_dtypes{Named{"float32", "F32", 32},   Named{"float64", "F64", 64}, Named{"float16", "F16", 16}, Named{"bfloat16", "BF16", 16},
                              Named{"uint8", "U8", 8},       Named{"int8", "I8", 8},      Named{"int16", "I16", 16},   Named{"int32", "I32", 32},
                              Named{"int64", "I64", 64},     Named{"bool", "BOOL", 8},    Named{"uint16", "U16", 16},  Named{"uint32", "U32", 32},
                              Named{"uint64", "U64", 64},    Named{"float8_e4m3fn", "F8_E4M3", 8}, Named{"float8_e5m2", "F8_E5M2", 8},
                              Named{"complex64", "C64", 64}, Named{"complex128", "C128", 128}};

std::string_view after_prefix(std::string_view text, std::string_view prefix) { return text.starts_with(prefix) ? text.substr(prefix.size()) : std::string_view(); }

std::string dtype_of_storage(const std::string& import) {
  std::string_view name = after_prefix(import, "torch.storage.");
  if (name.empty()) name = after_prefix(import, "torch.cuda.");
  if (name.empty()) name = after_prefix(import, "torch.");
  if (!name.ends_with("Storage")) return {};
  name.remove_suffix(7);
  for (const Named& known : k_storages)
    if (known.torch == name) return std::string(known.dtype);
  return {};
}

std::string dtype_named(const std::string& import) {
  const std::string_view name = after_prefix(import, "torch.");
  for (const Named& known : k_dtypes)
    if (known.torch == name) return std::string(known.dtype);
  return {};
}

const Value* item(const Arena& arena, const Value& of, std::size_t index, Kind kind) {
  if (index >= of.items.size()) return nullptr;
  const Value& found = arena[of.items[index]];
  return found.kind == kind ? &found : nullptr;
}

// _rebuild_tensor_v2(storage, first, shape, stride, …); v3 has the dtype as its seventh argument.
Value tensor_of(const Arena& arena, const Value& arguments) {
  const Value* storage = item(arena, arguments, 0, Kind::storage);
  if (storage == nullptr || item(arena, arguments, 1, Kind::number) == nullptr || item(arena, arguments, 2, Kind::tuple) == nullptr) return {};
  Value tensor{Kind::tensor, 0, storage->items.empty() ? std::string() : dtype_of_storage(arena[storage->items[0]].text), {}};
  if (const Value* dtype = item(arena, arguments, 6, Kind::import); dtype != nullptr && !dtype_named(dtype->text).empty()) tensor.text = dtype_named(dtype->text);
  tensor.items.assign(arguments.items.begin(), arguments.items.begin() + 3);
  return tensor;
}

class Walk {
public:
  Walk(const Arena& arena, PickleListing& listing) : m_arena(arena), m_listing(listing) {}

  void enter(Place place, int depth) {
    if (depth > k_deepest || !m_seen.insert(place).second) return;
    const Value& value = m_arena[place];
    if (value.kind == Kind::tensor) return note_tensor(value);
    if (value.kind == Kind::storage) return note_storage(value);
    if (value.kind == Kind::dict)
      for (std::size_t i = 0; i + 1 < value.items.size(); i += 2) enter_named(key_text(value.items[i]), value.items[i + 1], depth);
    if (value.kind == Kind::list || value.kind == Kind::tuple)
      for (std::size_t i = 0; i < value.items.size(); ++i) enter_named(std::to_string(i), value.items[i], depth);
  }

private:
  [[nodiscard]] std::string key_text(Place key) const { return m_arena[key].kind == Kind::number ? std::to_string(m_arena[key].number) : m_arena[key].text; }

  void enter_named(const std::string& key, Place place, int depth) {
    const Kind kind = m_arena[place].kind;
    if (kind == Kind::other || kind == Kind::number || kind == Kind::text || kind == Kind::import) return;
    const std::size_t before = m_name.size();
    if (!key.empty() && before + key.size() < k_longest_name) m_name += (before == 0 ? "" : ".") + key;
    enter(place, depth + 1);
    m_name.resize(before);
  }

  void note_storage(const Value& value) {
    if (!m_keys.insert(value.text).second) return;
    m_listing.storages.push_back({value.text, value.items.empty() ? std::string() : dtype_of_storage(m_arena[value.items[0]].text), value.number});
  }

  // A tensor that two names share (tied embeddings) is listed once, under its first name.
  void note_tensor(const Value& tensor) {
    const Value& storage = m_arena[tensor.items[0]];
    note_storage(storage);
    View view{m_name, storage.text, tensor.text, m_arena[tensor.items[1]].number, {}};
    std::string identity = fmt::format("{}/{}", view.storage, view.first);
    for (const Place extent : m_arena[tensor.items[2]].items) {
      if (m_arena[extent].kind != Kind::number) return;
      view.shape.push_back(m_arena[extent].number);
      identity += fmt::format("/{}", view.shape.back());
    }
    if (m_views.insert(std::move(identity)).second) m_listing.views.push_back(std::move(view));
  }

  const Arena& m_arena;
  PickleListing& m_listing;
  std::string m_name;
  std::unordered_set<Place> m_seen;
  std::unordered_set<std::string> m_keys, m_views;
};

}  // namespace

Value value_of_call(const Arena& arena, Place callable, Place arguments) {
  const Value& function = arena[callable];
  const Value& values = arena[arguments];
  if (function.kind != Kind::import || values.kind != Kind::tuple) return {};
  if (function.text == "collections.OrderedDict" || function.text == "collections.defaultdict") return {Kind::dict, 0, {}, {}};
  if (function.text.starts_with("torch._utils._rebuild_tensor")) return tensor_of(arena, values);
  // (tensor, requires_grad, hooks): the tensor itself.
  if (function.text.starts_with("torch._utils._rebuild_parameter") && item(arena, values, 0, Kind::tensor) != nullptr)
    return arena[values.items[0]];
  // (function, type, arguments, state): the call inside.
  if (function.text == "torch._tensor._rebuild_from_type_v2" && values.items.size() >= 3) {
    const Value& inner = arena[values.items[0]];
    const Value& inner_values = arena[values.items[2]];
    if (inner.text.starts_with("torch._utils._rebuild_tensor") && inner_values.kind == Kind::tuple) return tensor_of(arena, inner_values);
  }
  return {};
}

Value value_of_persistent_id(const Arena& arena, Place id) {
  const Value& parts = arena[id];
  const Value* key = item(arena, parts, 2, Kind::text);
  const Value* elements = item(arena, parts, 4, Kind::number);
  const Value* type = item(arena, parts, 1, Kind::import);
  if (parts.kind != Kind::tuple || key == nullptr || key->text.size() > k_longest_key || elements == nullptr || type == nullptr) return {};
  return {Kind::storage, elements->number, key->text, {parts.items[1]}};
}

void describe(const Arena& arena, Place root, PickleListing& listing) {
  Walk(arena, listing).enter(root, 0);
  const Value& value = arena[root];
  if (value.kind == Kind::number) listing.number = value.number;
  if (value.kind != Kind::list) return;
  for (const Place place : value.items)
    if (arena[place].kind == Kind::text) listing.keys.push_back(arena[place].text);
}

unsigned pickle_bits(const std::string& dtype) {
  for (const Named& known : k_dtypes)
    if (known.dtype == dtype) return known.bits;
  return 0;
}

bool is_expected_import(const std::string& import) {
  if (!dtype_of_storage(import).empty() || !dtype_named(import).empty()) return true;
  constexpr std::array<std::string_view, 17> k_expected{
      "collections.OrderedDict", "collections.defaultdict", "collections.Counter", "torch.Size", "torch.device", "torch.Tensor",
      "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v3", "torch._utils._rebuild_parameter",
      "torch._utils._rebuild_parameter_with_state", "torch._utils._rebuild_qtensor", "torch._utils._rebuild_sparse_tensor",
      "torch._tensor._rebuild_from_type_v2", "torch.nn.parameter.Parameter", "torch.storage.TypedStorage", "torch.serialization._get_layout"};
  return std::find(k_expected.begin(), k_expected.end(), import) != k_expected.end();
}

}  // namespace stoker::model
