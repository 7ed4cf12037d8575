// Starting a program in a process group of its own, and ending everything it started.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/base/units.hpp"
#include "stoker/os/clock.hpp"
#include "stoker/os/fd.hpp"
#include "stoker/os/process.hpp"

namespace stoker::os {

struct SpawnPlan {
  std::vector<std::string> argv;                           // argv[0] is looked up in PATH
  std::map<std::string, std::optional<std::string>> environment;  // over ours: set, or nullopt to unset
  bool capture_output = true;  // stdout and stderr into one pipe, in the order of arrival
  bool adopt_orphans = false;  // what setsid or a double fork left to us counts as this child's (one such child at a time)
};

struct Exit {
  int code = 0;    // of exit(), when signal is 0
  int signal = 0;  // that ended it
};
std::string to_string(const Exit& exit);  // "exit code 3", "signal 9 (Killed)"

// A child and all that descends from it. With adopt_orphans this process becomes a child subreaper, so that
// what the child leaves behind (setsid, double fork) comes to us and is still found and ended.
// The destructor kills the whole tree. One thread at a time; different children in different threads are fine.
class Child {
public:
  // Errors: not_found (no such program), denied, io.
  static Result<Child> spawn(const SpawnPlan& plan);
  Child(Child&&) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child();

  [[nodiscard]] pid_t pid() const { return m_pid; }
  [[nodiscard]] Stamp started() const { return m_started; }  // read just before exec
  [[nodiscard]] const Fd& output() const { return m_output; }

  // The child's own end, once it came; never waits. The zombie stays until end_tree, so that pid() stays its own.
  std::optional<Exit> poll();
  // The child, its group, and every descendant that is alive now.
  [[nodiscard]] std::vector<Process> tree() const;
  // SIGTERM to the group, and to what outlives the child; after `grace` SIGKILL to the whole tree, until none is left. Reaps.
  // Returns those that only SIGKILL ended. Errors: timeout when something survives 10 s of it (state D).
  Result<std::vector<Process>> end_tree(Seconds grace);

private:
  [[nodiscard]] std::vector<Process> members() const;  // tree(), and zombies
  Child(pid_t pid, bool adopts, Stamp started, Fd output) : m_pid(pid), m_adopts(adopts), m_started(started), m_output(std::move(output)) {}
  pid_t m_pid = -1;
  bool m_adopts = false;
  Stamp m_started;
  Fd m_output;
  std::optional<Exit> m_exit;
};

// SIGKILL to every child that a Child owns and to all that descends from us: for a user who does not want to wait.
// Thread-safe.
void kill_all_children();

// Runs a program to its end and gives its output, at most `limit` bytes of it.
struct Finished {
  Exit exit;
  std::string output;
};
Result<Finished> run_to_end(const SpawnPlan& plan, Seconds timeout, Bytes limit = 4 * k_mib);

// The file that `program` would run as, by PATH. Errors: not_found.
Result<std::string> find_program(const std::string& program);

}  // namespace stoker::os
