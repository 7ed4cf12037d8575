// A small hand parser for lines of foreign logs: literals, numbers and words, bounded work a line. Pure; thread-safe.
#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "stoker/engine/markers.hpp"

namespace stoker::engine {

// What is left of a line, eaten from the front.
class Scan {
public:
  explicit Scan(std::string_view rest) : m_rest(rest) {}

  // Goes behind the next `literal`; stays and answers false where there is none.
  bool past(std::string_view literal);
  // The number that stands next, blanks before it skipped: "8.37", "2,116,592", "-0.12". Stays where there is none.
  std::optional<double> number();
  // Up to one of the characters in `ends` (not eaten), or to the end; trimmed, bounded and printable.
  std::string until(std::string_view ends);
  std::string word() { return until(" \t\r"); }
  [[nodiscard]] std::string_view rest() const { return m_rest; }

private:
  std::string_view m_rest;
};

// The literal that makes a line a marker, and what is read behind it.
struct Rule {
  Event event;
  std::string_view literal;
  void (*read)(Scan& scan, Marker& marker) = nullptr;
};

// The first rule whose literal begins within the first 200 bytes of `message`: markers stand in front, whatever a
// logger puts before them; what a user's prompt says further back is no marker.
std::optional<Marker> match(std::span<const Rule> rules, std::string_view message);

// Readers that several rules share.
void read_seconds(Scan& scan, Marker& marker);           // the next number is seconds
void read_gib(Scan& scan, Marker& marker);
// A progress bar: "… shards:  25% Completed | 1/4 [00:02<00:06]", "…: 6%|▌ | 3/51 [", "… 13.3G/155G".
void read_bar(Scan& scan, Marker& marker);
void read_quoted(Scan& scan, Marker& marker);            // texts["model"]: '…' that stands next
void put(Marker& marker, const char* key, std::optional<double> number);
void put(Marker& marker, const char* key, std::string text);


// One engine's lines each.
std::optional<Marker> parse_vllm(std::string_view line);
std::optional<Marker> parse_sglang(std::string_view line);
std::optional<Marker> parse_llama(std::string_view line);
std::optional<Marker> parse_tgi(std::string_view line);
std::optional<Marker> parse_lab(std::string_view line);

}  // namespace stoker::engine
