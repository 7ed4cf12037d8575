#include "stoker/engine/markers_scan.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "stoker/base/text.hpp"

namespace stoker::engine {
namespace {

constexpr std::size_t k_reach = 200;      // bytes in front of a marker: the longest prefix seen has 90
constexpr std::size_t k_line = 4096;      // bytes of a line that are looked at behind the marker
constexpr std::size_t k_digits = 40;      // of a number
constexpr std::size_t k_text = 400;       // of a text that is kept

bool digit(char c) { return c >= '0' && c <= '9'; }

// "13.3G" → 13.3e9, as tqdm writes counts.
std::optional<double> scaled(std::string_view text) {
  Scan scan(text);
  auto number = scan.number();
  if (!number) return std::nullopt;
  const std::string unit = scan.word();
  constexpr std::string_view steps = "kMGTP";
  if (!unit.empty() && unit.front() == 'K') return *number * 1e3;
  const auto step = unit.empty() ? std::string_view::npos : steps.find(unit.front());
  return step == std::string_view::npos ? *number : *number * std::pow(1000.0, static_cast<double>(step + 1));
}

}  // namespace

bool Scan::past(std::string_view literal) {
  const auto at = m_rest.find(literal);
  if (at == std::string_view::npos) return false;
  m_rest.remove_prefix(at + literal.size());
  return true;
}

std::optional<double> Scan::number() {
  std::string_view rest = m_rest;
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  char digits[k_digits];
  std::size_t used = 0, at = 0;
  if (!rest.empty() && rest.front() == '-') digits[used++] = rest[at++];
  for (; at < rest.size() && used < k_digits; ++at) {
    const bool inner = at + 1 < rest.size() && digit(rest[at + 1]) && at > 0;  // ',' and '.' only between digits
    if (digit(rest[at]) || (rest[at] == '.' && inner))
      digits[used++] = rest[at];
    else if (rest[at] != ',' || !inner)
      break;
  }
  double value = 0;
  const auto [end, code] = std::from_chars(digits, digits + used, value);
  if (code != std::errc() || end == digits || !std::isfinite(value)) return std::nullopt;
  m_rest = rest.substr(at);
  return value;
}

std::string Scan::until(std::string_view ends) {
  std::string_view rest = m_rest.substr(std::min(m_rest.find_first_not_of(" \t"), m_rest.size()));
  const auto end = std::min(rest.find_first_of(ends), rest.size());
  const std::string text = printable(trim(rest.substr(0, std::min(end, k_text))), k_text);
  m_rest = rest.substr(end);
  return text;
}

std::optional<Marker> match(std::span<const Rule> rules, std::string_view message) {
  message = message.substr(0, k_line);
  for (const Rule& rule : rules) {
    const auto at = message.substr(0, k_reach + rule.literal.size()).find(rule.literal);
    if (at == std::string_view::npos) continue;
    Marker marker;
    marker.event = rule.event;
    Scan scan(message.substr(at + rule.literal.size()));
    if (rule.read != nullptr) rule.read(scan, marker);
    return marker;
  }
  return std::nullopt;
}

void put(Marker& marker, const char* key, std::optional<double> number) {
  if (number) marker.numbers[key] = *number;
}

void put(Marker& marker, const char* key, std::string text) {
  if (!text.empty()) marker.texts[key] = std::move(text);
}

void read_seconds(Scan& scan, Marker& marker) { put(marker, "seconds", scan.number()); }
void read_gib(Scan& scan, Marker& marker) { put(marker, "gib", scan.number()); }

void read_bar(Scan& scan, Marker& marker) {
  std::string_view bar = scan.rest().substr(0, scan.rest().find('['));
  if (const auto percent = bar.find('%'); percent != std::string_view::npos) {
    const auto from = bar.substr(0, percent).find_last_not_of("0123456789.");
    put(marker, "percent", Scan(bar.substr(from == std::string_view::npos ? 0 : from + 1)).number());
    bar.remove_prefix(percent + 1);
  }
  bar = trim(bar);
  const std::string_view count = bar.substr(bar.find_last_of(" |\t") + 1);
  const auto slash = count.find('/');
  if (slash == std::string_view::npos) return;
  put(marker, "done", scaled(count.substr(0, slash)));
  put(marker, "of", scaled(count.substr(slash + 1)));
}

void read_quoted(Scan& scan, Marker& marker) {
  if (scan.past("'")) put(marker, "model", scan.until("'"));
}

}  // namespace stoker::engine
