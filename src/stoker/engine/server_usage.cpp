#include "stoker/engine/server_usage.hpp"

#include <algorithm>

namespace stoker::engine {

void UsageLedger::look(const std::vector<os::Process>& processes, const os::Root& root) {
  std::map<pid_t, Figures*> living;
  for (const auto& process : processes) {
    auto& figures = m_seen[{process.pid, process.start_ticks}];
    living[process.pid] = &figures;
    figures.parent = process.parent;
    figures.major_faults = std::max(figures.major_faults, process.major_faults);
    const Bytes before = figures.read_bytes.value_or(0);
    if (const auto bytes = os::storage_read_bytes(process.pid, root)) figures.read_bytes = std::max(before, *bytes);
    figures.grown = figures.read_bytes.value_or(0) - before;
  }
  for (auto& [identity, figures] : m_seen) {
    const auto found = living.find(identity.first);
    if (figures.alive && (found == living.end() || found->second != &figures)) settle(figures, living);
  }
}

// A parent that lives and has grown by at least as much has inherited these bytes. One that ignores SIGCHLD has not.
void UsageLedger::settle(Figures& ended, const std::map<pid_t, Figures*>& living) {
  ended.alive = false;
  const auto parent = living.find(ended.parent);
  if (parent == living.end() || !ended.read_bytes || parent->second->grown < *ended.read_bytes) return;
  parent->second->grown -= *ended.read_bytes;
  ended.read_bytes = 0;
}

std::optional<Bytes> UsageLedger::storage_read_bytes() const {
  std::optional<Bytes> sum;
  for (const auto& [identity, figures] : m_seen)
    if (figures.read_bytes) sum = sum.value_or(0) + *figures.read_bytes;
  return sum;
}

std::uint64_t UsageLedger::major_faults() const {
  std::uint64_t sum = 0;
  for (const auto& [identity, figures] : m_seen) sum += figures.major_faults;
  return sum;
}

}  // namespace stoker::engine
