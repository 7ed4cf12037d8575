// JSON by nlohmann, made safe for foreign input: no exceptions, bounded depth, no duplicate keys.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "stoker/base/result.hpp"

namespace stoker {

using Json = nlohmann::ordered_json;

struct JsonLimits {
  std::size_t max_depth = 64;       // deeper is an attack on the stack, not a model's config
  bool refuse_duplicate_keys = true;  // two readers of one file would disagree
};

// Errors: invalid, with the byte where it broke.
Result<Json> parse_json(std::string_view text, JsonLimits limits = {});

// One document for people or pipes. Invalid UTF-8 inside strings is replaced, never thrown on.
std::string dump_json(const Json& document, int indent = 2);

}  // namespace stoker
