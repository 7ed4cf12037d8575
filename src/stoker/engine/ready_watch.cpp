#include "stoker/engine/ready_watch.hpp"

#include <algorithm>

#include "stoker/engine/readiness.hpp"

namespace stoker::engine {
namespace {

constexpr Seconds k_pause{0.005};         // between questions: a refused connection costs 0.1 ms
constexpr Seconds k_patience{1};          // for one answer; doubled while answers are late
constexpr Seconds k_most_patience{8};

}  // namespace

ReadyWatch::ReadyWatch(Readiness readiness, std::uint16_t port)
    : m_readiness(std::move(readiness)), m_port(port), m_thread([this](const std::stop_token& stop) { ask(stop); }) {}

void ReadyWatch::ask(const std::stop_token& stop) {
  Seconds patience = k_patience;
  while (!stop.stop_requested()) {
    const Asked asked = ask_ready(m_readiness, m_port, patience);
    const os::Stamp answered = os::now();
    patience = asked.timed_out ? std::min(patience * 2, k_most_patience) : k_patience;
    {
      const std::scoped_lock lock(m_mutex);
      m_seen.saw = asked.saw;
      if (!asked.ready) m_seen.ready_since.reset();
      if (asked.ready && !m_seen.ready_since) m_seen.ready_since = answered;
    }
    // Ready is ready: from here on only a look now and then, for as long as somebody still doubts whose answer it was.
    if (!os::wait_for(asked.ready ? k_pause * 20 : k_pause, stop)) return;
  }
}

std::optional<os::Stamp> ReadyWatch::ready_since() const {
  const std::scoped_lock lock(m_mutex);
  return m_seen.ready_since;
}

std::string ReadyWatch::saw() const {
  const std::scoped_lock lock(m_mutex);
  return m_seen.saw;
}

}  // namespace stoker::engine
