#include "stoker/base/json.hpp"

#include <fmt/core.h>
#include <set>
#include <vector>

#include "stoker/base/text.hpp"

namespace stoker {

Result<Json> parse_json(std::string_view text, JsonLimits limits) {
  std::vector<std::set<std::string>> keys;  // one set an open object
  std::string refusal;
  const Json::parser_callback_t watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    using Event = Json::parse_event_t;
    if (static_cast<std::size_t>(depth) > limits.max_depth && refusal.empty())
      refusal = fmt::format("nested deeper than {}", limits.max_depth);
    if (limits.refuse_duplicate_keys) {
      if (event == Event::object_start) keys.emplace_back();
      if (event == Event::object_end && !keys.empty()) keys.pop_back();
      if (event == Event::key && !keys.empty() && !keys.back().insert(parsed.get<std::string>()).second && refusal.empty())
        refusal = fmt::format("key '{}' stands twice", printable(parsed.get<std::string>(), 80));
    }
    return refusal.empty();
  };
  try {
    Json document = Json::parse(text, watch);
    if (!refusal.empty()) return fail(ErrorKind::invalid, "not acceptable JSON: " + refusal);
    return document;
  } catch (const Json::exception& broken) {
    if (!refusal.empty()) return fail(ErrorKind::invalid, "not acceptable JSON: " + refusal);
    std::string what = broken.what();
    // nlohmann prefixes "[json.exception.parse_error.101] "
    if (const auto at = what.find("] "); at != std::string::npos) what.erase(0, at + 2);
    return fail(ErrorKind::invalid, "not JSON: " + printable(what, 200));  // it quotes the foreign text
  }
}

std::string dump_json(const Json& document, int indent) {
  return document.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace stoker
