#include "stoker/model/checkpoint.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <unordered_map>

#include "stoker/base/text.hpp"
#include "stoker/model/pickle.hpp"
#include "stoker/model/zip.hpp"

namespace stoker::model {
namespace {

constexpr std::size_t k_told = 20;  // findings of one kind and file

// Where the bytes of a storage lie.
struct Stored {
  Bytes offset = 0;  // 0 when compressed
  Bytes bytes = 0;
};
using StoredByKey = std::unordered_map<std::string, Stored>;

void report_imports(const PickleListing& listing, const Source& source, std::vector<Finding>& findings) {
  std::size_t told = 0;
  for (const std::string& import : listing.imports)
    if (!is_expected_import(import) && ++told <= k_told) findings.push_back({true, source.path, fmt::format("imports {}: would run code when loaded", printable(import, 120))});
  if (told > k_told) findings.push_back({true, source.path, fmt::format("{} more imports that would run code when loaded", told - k_told)});
}

// One tensor of the pickle over its storage. Errors: the cause, without the file's name.
Result<Tensor> tensor_of(const View& view, const StoredByKey& stored) {
  const std::string name = printable(view.name, 120);
  const unsigned bits = pickle_bits(view.dtype);
  Tensor tensor{view.name, view.dtype, view.shape, 0, 0, 1};
  for (const std::uint64_t extent : view.shape)
    if (!multiply(tensor.parameters, extent)) return fail(ErrorKind::invalid, fmt::format("the shape of tensor {} overflows", name));
  tensor.bytes = tensor.parameters;
  Bytes first = view.first;
  if (!multiply(tensor.bytes, bits / 8) || !multiply(first, bits / 8)) return fail(ErrorKind::invalid, fmt::format("the size of tensor {} overflows", name));
  const auto found = stored.find(view.storage);
  if (found == stored.end()) return fail(ErrorKind::invalid, fmt::format("storage {} of tensor {} is not in the file", printable(view.storage, 120), name));
  if (first > found->second.bytes || tensor.bytes > found->second.bytes - first)
    return fail(ErrorKind::invalid, fmt::format("tensor {} needs {} bytes, its storage {} has {}", name, tensor.bytes, printable(view.storage, 120), found->second.bytes));
  if (found->second.offset != 0) tensor.offset = found->second.offset + first;
  return tensor;
}

void place_views(const PickleListing& listing, const StoredByKey& stored, Shard& shard, std::vector<Finding>& findings) {
  std::size_t told = 0;
  for (const View& view : listing.views) {
    auto tensor = tensor_of(view, stored);
    if (tensor)
      shard.tensors.push_back(std::move(*tensor));
    else if (++told <= k_told)
      findings.push_back({true, shard.path, tensor.error().message()});
  }
  if (told > k_told) findings.push_back({true, shard.path, fmt::format("{} more tensors that their storages do not hold", told - k_told)});
  std::stable_sort(shard.tensors.begin(), shard.tensors.end(), [](const Tensor& a, const Tensor& b) { return a.offset < b.offset; });
}

Result<PickleListing> list_member(const Source& source, const ZipMember& member) {
  TRY_ASSIGN(const Bytes begin, data_offset(source, member));
  Cursor cursor(source, begin, begin + member.packed_bytes);
  return list_pickle(cursor);
}

Result<Tensor> member_as_tensor(const Source& source, const ZipMember& member) {
  Tensor tensor{member.name, "bytes", {member.bytes}, 0, member.bytes, 0};
  TRY_ASSIGN(const Bytes begin, data_offset(source, member));
  if (member.stored) tensor.offset = begin;
  return tensor;
}

// "<archive>/data/<key>" for the archive whose pickle is "<archive>/data.pkl".
Result<StoredByKey> stored_members(const Source& source, const std::vector<ZipMember>& members, const std::string& prefix) {
  StoredByKey stored;
  for (const ZipMember& member : members) {
    if (!member.name.starts_with(prefix) || member.name.size() == prefix.size()) continue;
    TRY_ASSIGN(const Bytes begin, data_offset(source, member));
    if (!stored.emplace(member.name.substr(prefix.size()), Stored{member.stored ? begin : 0, member.bytes}).second)
      return fail(ErrorKind::invalid, fmt::format("{}: member {} stands twice", source.path, printable(member.name, 120)));
  }
  return stored;
}

Result<Shard> read_archive(const Source& source, std::vector<Finding>& findings) {
  TRY_ASSIGN(const std::vector<ZipMember> members, read_zip(source));
  Shard shard{source.path, source.bytes, 0, {}};
  const auto pickle = std::find_if(members.begin(), members.end(), [](const ZipMember& member) { return member.name == "data.pkl" || member.name.ends_with("/data.pkl"); });
  if (pickle != members.end() && pickle->stored) {
    auto listing = list_member(source, *pickle);
    if (!listing) return fail(std::move(listing).error());
    report_imports(*listing, source, findings);
    const std::string prefix = pickle->name.substr(0, pickle->name.size() - 4) + "/";
    TRY_ASSIGN(const StoredByKey stored, stored_members(source, members, prefix));
    place_views(*listing, stored, shard, findings);
    for (const Tensor& tensor : shard.tensors) shard.header_bytes += tensor.bytes;
    shard.header_bytes = source.bytes - std::min(source.bytes, shard.header_bytes);
    if (!shard.tensors.empty()) return shard;
  }
  if (pickle == members.end()) findings.push_back({false, source.path, "no data.pkl in the archive: its members are listed as they are"});
  if (pickle != members.end() && !pickle->stored) findings.push_back({false, source.path, "data.pkl is compressed: the members are listed as they are, imports are unknown"});
  for (const ZipMember& member : members) {
    TRY_ASSIGN(Tensor tensor, member_as_tensor(source, member));
    shard.tensors.push_back(std::move(tensor));
  }
  return shard;
}

// The old format's storages follow the pickles in the order of their keys, each after its element count.
Result<StoredByKey> stored_behind(const Source& source, Cursor& cursor, const PickleListing& listing, const std::vector<std::string>& keys) {
  std::unordered_map<std::string, const Storage*> by_key;
  for (const Storage& storage : listing.storages) by_key.emplace(storage.key, &storage);
  StoredByKey stored;
  for (const std::string& key : keys) {
    const auto found = by_key.find(key);
    const unsigned bits = found == by_key.end() ? 0 : pickle_bits(found->second->dtype);
    if (bits == 0) return fail(ErrorKind::invalid, fmt::format("{}: storage {} has no known dtype", source.path, printable(key, 120)));
    Bytes bytes = cursor.u64();
    if (!multiply(bytes, bits / 8)) return fail(ErrorKind::invalid, fmt::format("{}: the size of storage {} overflows", source.path, printable(key, 120)));
    stored.emplace(key, Stored{cursor.position(), bytes});
    cursor.skip(bytes);
    TRY(cursor.status());
  }
  return stored;
}

// Magic number, protocol, system facts, the objects, the storage keys: five pickles in a row.
Result<Shard> read_old(const Source& source, std::vector<Finding>& findings) {
  Shard shard{source.path, source.bytes, 0, {}};
  Cursor cursor(source, 0, source.bytes);
  TRY_ASSIGN(PickleListing listing, list_pickle(cursor));
  report_imports(listing, source, findings);
  if (!listing.torch_magic) {
    findings.push_back({false, source.path, "a pickle that is no checkpoint of torch"});
    shard.tensors.push_back({"pickle", "bytes", {source.bytes}, 0, source.bytes, 0});
    return shard;
  }
  for (int i = 0; i < 3; ++i) {
    TRY_ASSIGN(listing, list_pickle(cursor));
    report_imports(listing, source, findings);
  }
  TRY_ASSIGN(const PickleListing keys, list_pickle(cursor));
  shard.header_bytes = cursor.position();
  TRY_ASSIGN(const StoredByKey stored, stored_behind(source, cursor, listing, keys.keys));
  place_views(listing, stored, shard, findings);
  if (cursor.left() > 0) findings.push_back({false, source.path, fmt::format("{} bytes after the last storage", cursor.left())});
  return shard;
}

}  // namespace

Result<Shard> read_checkpoint(const Source& source, std::vector<Finding>& findings) {
  return looks_like_zip(source) ? read_archive(source, findings) : read_old(source, findings);
}

}  // namespace stoker::model
