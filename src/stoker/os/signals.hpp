// SIGINT, SIGTERM and SIGHUP as a stop request that every wait of ours listens to.
#pragma once

#include <stop_token>

namespace stoker::os {

// Blocks the three signals in this thread (and those it starts later) and turns the first into a
// stop request; the second kills what we started and ends the process at once with 130. Make one, early in main, before any thread.
// SIGPIPE is ignored for good. A SIGHUP that is ignored already (nohup) stays ignored.
class Interrupts {
public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  [[nodiscard]] std::stop_token token() const;

private:
  struct State;
  State* m_state;
};

// In a child between fork and exec: gives the signals back their default actions, unblocked.
// Async-signal-safe.
void reset_signals_in_child();

}  // namespace stoker::os
