#include "stoker/engine/output.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "stoker/base/log.hpp"
#include "stoker/base/text.hpp"

namespace stoker::engine {
namespace {

constexpr int k_poll_ms = 50;  // how long a stop may go unnoticed when a stranger keeps the pipe open

}  // namespace

void LineStore::end_line(Seconds at, std::vector<std::string>& completed) {
  if (m_unfinished.empty()) return;
  completed.push_back(m_unfinished);
  StampedLine line{at, std::move(m_unfinished)};
  m_unfinished.clear();
  if (m_first.size() < k_first_lines) {
    m_first.push_back(std::move(line));
    return;
  }
  m_last.push_back(std::move(line));
  if (m_last.size() > k_last_lines) m_last.pop_front();
}

std::vector<std::string> LineStore::add(std::string_view piece, Seconds at) {
  std::vector<std::string> completed;
  while (!piece.empty()) {
    const auto end = std::min(piece.find_first_of("\n\r"), piece.size());
    m_unfinished += piece.substr(0, std::min(end, k_line_bytes - m_unfinished.size()));
    if (end == piece.size()) break;
    end_line(at, completed);
    piece.remove_prefix(end + 1);
  }
  return completed;
}

std::vector<std::string> LineStore::finish(Seconds at) {
  std::vector<std::string> completed;
  end_line(at, completed);
  return completed;
}

std::vector<StampedLine> LineStore::lines() const {
  auto all = m_first;
  all.insert(all.end(), m_last.begin(), m_last.end());
  return all;
}

std::vector<std::string> LineStore::last(std::size_t count) const {
  std::vector<std::string> newest;
  const auto take = [&](const std::string& text) {
    if (newest.size() < count && !text.empty()) newest.push_back(text);
  };
  take(m_unfinished);
  for (auto line = m_last.rbegin(); line != m_last.rend(); ++line) take(line->text);
  for (auto line = m_first.rbegin(); line != m_first.rend() && newest.size() < count; ++line) take(line->text);
  std::ranges::reverse(newest);
  return newest;
}

Output::Output(const os::Fd& pipe, os::Stamp start, std::string echo_prefix)
    : m_start(start), m_echo_prefix(std::move(echo_prefix)), m_reader([this, &pipe](const std::stop_token& stop) { read_all(stop, pipe); }) {}

void Output::read_all(const std::stop_token& stop, const os::Fd& pipe) {
  std::array<char, 65536> piece{};
  while (!stop.stop_requested()) {
    pollfd waiting{pipe.get(), POLLIN, 0};
    if (::poll(&waiting, 1, k_poll_ms) <= 0) continue;
    const ssize_t got = ::read(pipe.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    const Seconds at = os::since(m_start);
    std::vector<std::string> completed;
    {
      const std::scoped_lock lock(m_shared.mutex);
      completed = m_shared.lines.add({piece.data(), static_cast<std::size_t>(got)}, at);
    }
    echo(completed);
  }
  std::vector<std::string> rest;
  {
    const std::scoped_lock lock(m_shared.mutex);
    rest = m_shared.lines.finish(os::since(m_start));
    m_shared.ended = true;
  }
  m_shared.ended_now.notify_all();
  echo(rest);
}

void Output::echo(const std::vector<std::string>& lines) const {
  if (m_echo_prefix.empty()) return;
  for (const auto& line : lines) log::info("{}{}", m_echo_prefix, printable(line, k_line_bytes));
}

std::vector<StampedLine> Output::lines() const {
  const std::scoped_lock lock(m_shared.mutex);
  return m_shared.lines.lines();
}

std::vector<std::string> Output::last(std::size_t count) const {
  const std::scoped_lock lock(m_shared.mutex);
  return m_shared.lines.last(count);
}

bool Output::await_end(Seconds patience) const {
  std::unique_lock lock(m_shared.mutex);
  return m_shared.ended_now.wait_for(lock, patience, [&] { return m_shared.ended; });
}

}  // namespace stoker::engine
