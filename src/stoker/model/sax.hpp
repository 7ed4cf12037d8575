// A strict reader of JSON events: what a parser does not expect, it refuses. Private to this module's sources.
#pragma once

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "stoker/base/result.hpp"
#include "stoker/base/text.hpp"

namespace stoker::model {

// Everything is refused unless a derived class takes it. Depth counts open objects and arrays.
class StrictSax : public nlohmann::json_sax<nlohmann::json> {
public:
  bool null() override { return refuse("null"); }
  bool boolean(bool) override { return refuse("a boolean"); }
  bool number_integer(number_integer_t) override { return refuse("a negative number"); }
  bool number_unsigned(number_unsigned_t) override { return refuse("a number"); }
  bool number_float(number_float_t, const string_t&) override { return refuse("a fraction"); }
  bool string(string_t&) override { return refuse("a string"); }
  bool binary(binary_t&) override { return refuse("binary data"); }
  bool start_object(std::size_t) override { return refuse("an object"); }
  bool start_array(std::size_t) override { return refuse("an array"); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    return because(fmt::format("no JSON at byte {}", position));
  }

  // Keeps the first reason and stops the parse.
  bool because(std::string reason) {
    if (m_reason.empty()) m_reason = std::move(reason);
    return false;
  }
  [[nodiscard]] const std::string& reason() const { return m_reason; }

protected:
  // What the value belongs to, for the text of a refusal.
  [[nodiscard]] virtual std::string where() const = 0;
  bool refuse(std::string_view what) { return because(fmt::format("{} where none belongs, {}", what, where())); }

private:
  std::string m_reason;
};

// Errors: invalid, with the reason.
inline Status parse_strictly(std::string_view text, StrictSax& sax) {
  if (nlohmann::json::sax_parse(text.begin(), text.end(), &sax) && sax.reason().empty()) return {};
  return fail(ErrorKind::invalid, sax.reason().empty() ? "no JSON" : sax.reason());
}

}  // namespace stoker::model
