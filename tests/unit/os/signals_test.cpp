#include "stoker/os/signals.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "stoker/os/clock.hpp"

namespace stoker::os {
namespace {

// Each in a process of its own: the masks stay as Interrupts leaves them.
template <class Work>
int in_a_process(const Work& work) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(work());
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

// wait_for says false when a stop ended it; the time is only there so that a failure ends.
bool stopped(const Interrupts& interrupts) { return !wait_for(Seconds(30), interrupts.token()); }

TEST(Interrupts, EachOfTheThreeIsAStop) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP})
    EXPECT_EQ(in_a_process([signal] {
                const Interrupts interrupts;
                if (interrupts.token().stop_requested()) return 1;
                ::kill(::getpid(), signal);
                return stopped(interrupts) ? 0 : 2;
              }),
              0)
        << signal;
}

TEST(Interrupts, TheSecondEndsTheProcess) {
  EXPECT_EQ(in_a_process([] {
              const Interrupts interrupts;
              ::kill(::getpid(), SIGINT);
              if (!stopped(interrupts)) return 1;
              ::kill(::getpid(), SIGINT);
              ignore(wait_for(Seconds(30), {}), "the second ends us here");
              return 2;
            }),
            130);
}

TEST(Interrupts, NohupStaysInForce) {
  EXPECT_EQ(in_a_process([] {
              std::signal(SIGHUP, SIG_IGN);
              const Interrupts interrupts;
              ::kill(::getpid(), SIGHUP);
              ::kill(::getpid(), SIGTERM);
              return stopped(interrupts) ? 0 : 1;  // by the one stop; a second would be exit 130
            }),
            0);
}

TEST(Interrupts, EndWithoutASignal) {
  EXPECT_EQ(in_a_process([] {
              for (int i = 0; i < 100; ++i) const Interrupts interrupts;
              return 0;
            }),
            0);
}

}  // namespace
}  // namespace stoker::os
