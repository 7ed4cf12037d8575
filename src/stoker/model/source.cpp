#include "stoker/model/source.hpp"

#include <fcntl.h>
#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "stoker/os/fd.hpp"
#include "stoker/os/file.hpp"

namespace stoker::model {
namespace {

// Headers are read front to back; 64 KiB keeps the calls few without reading tensor bytes along.
constexpr Bytes k_window = 64 * k_kib;

}  // namespace

Result<Source> open_source(const std::string& path) {
  TRY_ASSIGN(const os::FileFacts facts, os::look_at(path));
  if (!facts.regular) return fail(ErrorKind::invalid, fmt::format("{}: not a regular file", path));
  TRY_ASSIGN(os::Fd opened, os::open_file(path, O_RDONLY));
  auto fd = std::make_shared<os::Fd>(std::move(opened));
  return Source{path, facts.bytes, [fd, path](std::span<std::byte> into, Bytes offset) { return os::read_exactly(*fd, into, offset, path); }};
}

Source memory_source(std::string name, std::span<const std::byte> data) {
  auto read = [data, name](std::span<std::byte> into, Bytes offset) -> Status {
    if (offset > data.size() || into.size() > data.size() - offset)
      return fail(ErrorKind::invalid, fmt::format("{} ends at byte {}", name, data.size()));
    std::copy_n(data.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
    return {};
  };
  return {name, data.size(), std::move(read)};
}

Cursor::Cursor(const Source& source, Bytes begin, Bytes end)
    : m_source(source), m_position(std::min(begin, source.bytes)), m_end(std::clamp(end, m_position, source.bytes)) {}

void Cursor::refuse(const std::string& why) {
  if (ok()) m_status = fail(ErrorKind::invalid, fmt::format("{}: {}", m_source.path, why));
}

bool Cursor::take(Bytes length) {
  if (ok() && length > left())
    refuse(fmt::format("ends at byte {}, {} more {} wanted at byte {}", m_end, length, length == 1 ? "was" : "were", m_position));
  return ok();
}

bool Cursor::fill() {
  if (m_position >= m_window_begin && m_position < m_window_begin + m_window_bytes) return true;
  m_window.resize(static_cast<std::size_t>(std::min(k_window, m_end)));
  m_window_begin = m_position;
  m_window_bytes = std::min<Bytes>(m_window.size(), left());
  m_status = m_source.read(std::span(m_window).first(static_cast<std::size_t>(m_window_bytes)), m_position);
  if (!ok()) m_window_bytes = 0;
  return ok();
}

std::uint64_t Cursor::number(unsigned width) {
  if (!take(width)) return 0;
  std::uint64_t value = 0;
  for (unsigned i = 0; i < width; ++i, ++m_position) {
    if (!fill()) return 0;
    value |= std::to_integer<std::uint64_t>(m_window[static_cast<std::size_t>(m_position - m_window_begin)]) << (8 * i);
  }
  return value;
}

std::string Cursor::text(Bytes length, Bytes keep) {
  if (!take(length)) return {};
  std::string kept;
  const Bytes end = m_position + length;
  for (Bytes want = std::min(length, keep); want > 0;) {
    if (!fill()) return {};
    const Bytes at = m_position - m_window_begin;
    const Bytes piece = std::min(want, m_window_bytes - at);
    const std::size_t before = kept.size();
    kept.resize(before + static_cast<std::size_t>(piece));
    std::memcpy(kept.data() + before, m_window.data() + at, static_cast<std::size_t>(piece));
    m_position += piece;
    want -= piece;
  }
  m_position = end;
  return kept;
}

std::string Cursor::line(Bytes keep) {
  std::string kept;
  while (take(1)) {
    const char c = static_cast<char>(u8());
    if (!ok() || c == '\n') break;
    if (kept.size() < keep) kept.push_back(c);
  }
  return kept;
}

void Cursor::skip(Bytes length) {
  if (take(length)) m_position += length;
}

bool add(std::uint64_t& a, std::uint64_t b) { return !__builtin_add_overflow(a, b, &a); }
bool multiply(std::uint64_t& a, std::uint64_t b) { return !__builtin_mul_overflow(a, b, &a); }

}  // namespace stoker::model
