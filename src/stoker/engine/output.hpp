// What a process writes, line by line, each with the time at which it was read.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <condition_variable>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "stoker/engine/markers.hpp"
#include "stoker/os/clock.hpp"
#include "stoker/os/fd.hpp"

namespace stoker::engine {

// Bounds of what is kept: a start writes some 200 to 3 000 lines, a server in a crash loop without end.
inline constexpr std::size_t k_first_lines = 20'000;
inline constexpr std::size_t k_last_lines = 1'000;
inline constexpr std::size_t k_line_bytes = 4096;

// Cuts bytes into lines at \n and \r (progress bars), drops empty ones, keeps the first and the last.
// One thread at a time.
class LineStore {
public:
  // Returns the lines that this piece completed.
  std::vector<std::string> add(std::string_view piece, Seconds at);
  // The end of the output: an unfinished line becomes a line.
  std::vector<std::string> finish(Seconds at);

  [[nodiscard]] std::vector<StampedLine> lines() const;
  [[nodiscard]] std::vector<std::string> last(std::size_t count) const;  // with the unfinished line

private:
  void end_line(Seconds at, std::vector<std::string>& completed);

  std::string m_unfinished;
  std::vector<StampedLine> m_first;
  std::deque<StampedLine> m_last;
};

// Reads a pipe in a thread of its own until its end, so that the writer never waits for us. Thread-safe.
class Output {
public:
  // `pipe` must outlive this. Stamps count from `start`. With a prefix, lines go to the log as well.
  Output(const os::Fd& pipe, os::Stamp start, std::string echo_prefix);

  [[nodiscard]] std::vector<StampedLine> lines() const;
  [[nodiscard]] std::vector<std::string> last(std::size_t count) const;
  // Waits until all writers are gone and everything is read; false when `patience` ran out first.
  bool await_end(Seconds patience) const;

private:
  void read_all(const std::stop_token& stop, const os::Fd& pipe);
  void echo(const std::vector<std::string>& lines) const;

  const os::Stamp m_start;
  const std::string m_echo_prefix;
  struct Shared {
    mutable std::mutex mutex;
    mutable std::condition_variable ended_now;
    LineStore lines;
    bool ended = false;
  };
  Shared m_shared;
  std::jthread m_reader;  // last: stops before what it uses goes
};

}  // namespace stoker::engine
