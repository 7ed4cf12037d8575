// A pickle read by a machine that builds descriptions, never objects: imports are noted and calls are not made.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/model/source.hpp"

namespace stoker::model {

// A tensor as the pickle describes it: a view of a storage.
struct View {
  std::string name;     // the keys on the way to it, joined by '.'
  std::string storage;  // its key
  std::string dtype;    // as safetensors would write it; "" when unknown
  std::uint64_t first = 0;       // element of the storage
  std::vector<std::uint64_t> shape;
};

// A storage as the pickle refers to it.
struct Storage {
  std::string key;
  std::string dtype;
  std::uint64_t elements = 0;
};

struct PickleListing {
  std::vector<View> views;        // in the order of the pickle
  std::vector<Storage> storages;  // each key once
  std::vector<std::string> keys;  // when the pickle is a plain list of texts
  std::set<std::string> imports;  // "module.name", at most a few thousand
  std::optional<std::uint64_t> number;  // when the pickle is a number of up to 8 bytes
  bool torch_magic = false;             // when it is the number that begins torch's old format
};

// Reads one pickle, from the cursor to its STOP. Errors: invalid: no pickle, too many values.
Result<PickleListing> list_pickle(Cursor& cursor);

// Bits of an element, 0 for an unknown dtype.
unsigned pickle_bits(const std::string& dtype);

// Whether loading a checkpoint needs this import: tensors, storages, dtypes, ordered dictionaries.
bool is_expected_import(const std::string& import);

}  // namespace stoker::model
