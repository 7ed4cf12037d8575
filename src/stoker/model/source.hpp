// Bytes that are parsed: a file, or memory in tests and fuzzing. A reader that never leaves its bounds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/base/units.hpp"

namespace stoker::model {

struct Source {
  std::string path;  // for error texts
  Bytes bytes = 0;
  std::function<Status(std::span<std::byte>, Bytes)> read;  // the whole span, from an offset
};

// Errors: not_found, denied, io; invalid when it is no regular file.
Result<Source> open_source(const std::string& path);
// `data` must outlive the source.
Source memory_source(std::string name, std::span<const std::byte> data);

// Little-endian reading of [begin, end). The first failure sticks: from then on everything reads 0, and
// status() tells. Callers check ok() in loops and before they trust a count. One thread at a time.
class Cursor {
public:
  Cursor(const Source& source, Bytes begin, Bytes end);

  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  std::uint64_t number(unsigned width);  // of up to 8 bytes
  // `length` bytes, of which the first `keep` are returned.
  std::string text(Bytes length, Bytes keep);
  std::string line(Bytes keep);  // up to '\n', which is consumed
  void skip(Bytes length);

  [[nodiscard]] Bytes position() const { return m_position; }
  [[nodiscard]] Bytes left() const { return m_end - m_position; }
  [[nodiscard]] bool ok() const { return m_status.has_value(); }
  [[nodiscard]] const Status& status() const { return m_status; }
  // Makes the failure `invalid: <path>: <why>`, unless there is one already.
  void refuse(const std::string& why);

private:
  bool fill();
  bool take(Bytes length);

  const Source& m_source;
  Bytes m_position;
  Bytes m_end;
  Status m_status;
  std::vector<std::byte> m_window;
  Bytes m_window_begin = 0;
  Bytes m_window_bytes = 0;
};

// a + b, a × b; false when the result does not fit.
bool add(std::uint64_t& a, std::uint64_t b);
bool multiply(std::uint64_t& a, std::uint64_t b);

}  // namespace stoker::model
