// What the pickle machine keeps of the values it meets. Private to this module's sources.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stoker/model/pickle.hpp"

namespace stoker::model {

using Place = std::uint32_t;  // of a value in the arena

struct Value {
  enum class Kind { other, number, text, import, tuple, list, dict, storage, tensor };
  Kind kind = Kind::other;
  std::uint64_t number = 0;   // negative and longer ones: not kept, kind other; storage: elements
  std::string text;           // text, import, key of a storage, dtype of a tensor
  std::vector<Place> items;   // tuple, list; dict: key, value, …; storage: its type; tensor: storage, first, shape
};

using Arena = std::vector<Value>;

// The value that calling `callable` with `arguments` stands for.
Value value_of_call(const Arena& arena, Place callable, Place arguments);
// ("storage", type, key, location, elements, …) → a storage.
Value value_of_persistent_id(const Arena& arena, Place id);
// Collects views, storages, keys and the number from the value that the pickle ends with.
void describe(const Arena& arena, Place root, PickleListing& listing);

}  // namespace stoker::model
