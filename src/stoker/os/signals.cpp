#include "stoker/os/signals.hpp"

#include "stoker/os/spawn.hpp"

#include <csignal>
#include <thread>
#include <unistd.h>

namespace stoker::os {
namespace {

// Under nohup SIGHUP is ignored and has to stay so: once blocked and waited for, it would stop us all the same.
sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGINT, SIGTERM}) sigaddset(&set, signal);
  struct sigaction hangup {};
  if (::sigaction(SIGHUP, nullptr, &hangup) != 0 || hangup.sa_handler != SIG_IGN) sigaddset(&set, SIGHUP);
  return set;
}

}  // namespace

struct Interrupts::State {
  std::stop_source source;
  std::jthread watcher;
};

Interrupts::Interrupts() : m_state(new State) {
  std::signal(SIGPIPE, SIG_IGN);
  const sigset_t set = stop_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  m_state->watcher = std::jthread([this, set](const std::stop_token& over) {
    while (true) {
      const bool received = ::sigwaitinfo(&set, nullptr) > 0;
      if (over.stop_requested()) return;
      if (received && m_state->source.stop_requested()) {
        kill_all_children();
        ::_exit(130);
      }
      if (received) m_state->source.request_stop();
    }
  });
}

Interrupts::~Interrupts() {
  m_state->watcher.request_stop();
  ::pthread_kill(m_state->watcher.native_handle(), SIGTERM);  // wakes sigwaitinfo; blocked, so it ends nothing
  m_state->watcher.join();
  delete m_state;
}

std::stop_token Interrupts::token() const { return m_state->source.get_token(); }

void reset_signals_in_child() {
  for (int signal : {SIGINT, SIGTERM, SIGPIPE, SIGCHLD}) std::signal(signal, SIG_DFL);  // SIGHUP stays ignored under nohup
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace stoker::os
