#include "stoker/os/spawn.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
extern "C" {
#include <sys/pidfd.h>  // glibc 2.36 forgot to say so itself
}
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <set>
#include <thread>

#include "stoker/base/text.hpp"
#include "stoker/os/file.hpp"
#include "stoker/os/signals.hpp"

extern char** environ;

namespace stoker::os {
namespace {

constexpr Seconds k_kill_patience{10};  // SIGKILL is done in milliseconds, but not for a task in state D
constexpr std::chrono::milliseconds k_poll{10};

std::vector<std::string> merged_environment(const SpawnPlan& plan) {
  std::vector<std::string> merged;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (!plan.environment.contains(std::string(text.substr(0, text.find('='))))) merged.emplace_back(text);
  }
  for (const auto& [name, value] : plan.environment)
    if (value) merged.push_back(fmt::format("{}={}", name, *value));
  return merged;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> raw;
  for (auto& text : strings) raw.push_back(text.data());
  raw.push_back(nullptr);
  return raw;
}

// Runs in the child: only async-signal-safe calls from here to exec.
[[noreturn]] void become(const char* program, char* const* argv, char* const* environment, int output, int failure) {
  ::setpgid(0, 0);
  reset_signals_in_child();
  const int null_fd = ::open("/dev/null", O_RDWR);
  if (null_fd > STDIN_FILENO) {
    ::dup2(null_fd, STDIN_FILENO);
    ::close(null_fd);
  }
  if (output >= 0) {
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
  }
  ::execve(program, argv, environment);
  const int code = errno;
  ignore(::write(failure, &code, sizeof code), "the parent then sees the end of the pipe");
  ::_exit(127);
}

struct Pipe {
  Fd read_end, write_end;
};

// Above the standard three, which the child replaces: we may have been started with some of them closed.
Result<Fd> lifted(Fd fd) {
  if (fd.get() > STDERR_FILENO) return fd;
  const int higher = ::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (higher < 0) return fail(Error::from_errno(errno, "make a pipe"));
  return Fd(higher);
}

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(Error::from_errno(errno, "make a pipe"));
  Fd read_end(ends[0]), write_end(ends[1]);
  Pipe pipe;
  TRY_ASSIGN(pipe.read_end, lifted(std::move(read_end)));
  TRY_ASSIGN(pipe.write_end, lifted(std::move(write_end)));
  return pipe;
}

// The errno of the child's failed exec, 0 when the pipe ended without a word: exec closed it.
int exec_errno(const Fd& failure) {
  int code = 0;
  ssize_t got = 0;
  do got = ::read(failure.get(), &code, sizeof code);
  while (got < 0 && errno == EINTR);
  return got == sizeof code ? code : 0;
}

void reap(pid_t pid) {
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

// To the very process that was seen: its pid may have been given away since.
void signal_seen(const Process& seen, int signal) {
  // By number: Debian 12's <sys/pidfd.h> forgets that C++ exists.
  const Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, seen.pid, 0)));
  if (!pidfd.valid()) {
    if (errno != ESRCH) ::kill(seen.pid, signal);  // before Linux 5.3, or forbidden
    return;
  }
  const auto now = process(seen.pid);
  if (now && now->start_ticks == seen.start_ticks) ignore(::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0), "the next look tells");
}

Exit exit_of(const siginfo_t& end) {
  if (end.si_code == CLD_EXITED) return {end.si_status, 0};
  return {0, end.si_status};
}

void reap_orphans(const std::vector<Process>& tree, pid_t child) {
  for (const auto& process : tree)
    if (process.pid != child && process.state == 'Z') ::waitpid(process.pid, nullptr, WNOHANG);
}

bool alive(const Process& process) { return process.state != 'Z'; }

// Our direct children that a Child owns: they and their kin are nobody's orphans. Whoever takes a snapshot of the
// processes and asks afterwards finds each of them here, for they are entered in the same breath as they are forked.
class Registry {
public:
  template <class Fork>
  pid_t add(const Fork& fork) {
    const std::scoped_lock lock(m_mutex);
    const pid_t pid = fork();
    if (pid > 0) m_pids.insert(pid);
    return pid;
  }
  void remove(pid_t pid) {
    const std::scoped_lock lock(m_mutex);
    m_pids.erase(pid);
  }
  std::set<pid_t> others(pid_t pid) {
    const std::scoped_lock lock(m_mutex);
    auto pids = m_pids;
    pids.erase(pid);
    return pids;
  }

private:
  std::mutex m_mutex;
  std::set<pid_t> m_pids;
};

Registry& registry() {
  static Registry children;
  return children;
}

// The child, its descendants, and its group with theirs.
std::vector<Process> kin(pid_t child, const std::vector<Process>& all) {
  auto members = descendants(child, all);
  for (const auto& process : all) {
    const auto same = [&](const Process& member) { return member.pid == process.pid; };
    if ((process.pid == child || process.group == child) && std::ranges::none_of(members, same)) members.push_back(process);
  }
  return members;
}

}  // namespace

void kill_all_children() {
  for (const pid_t pid : registry().others(0)) ::kill(-pid, SIGKILL);
  for (const auto& process : descendants(::getpid(), all_processes())) ::kill(process.pid, SIGKILL);
}

std::string to_string(const Exit& exit) {
  if (exit.signal != 0) {
    const char* words = ::sigdescr_np(exit.signal);  // strsignal is not thread-safe
    return fmt::format("signal {} ({})", exit.signal, words != nullptr ? words : "unknown");
  }
  return fmt::format("exit code {}", exit.code);
}

Result<std::string> find_program(const std::string& program) {
  if (program.empty()) return fail(ErrorKind::usage, "no program named");
  if (program.find('/') != std::string::npos) {
    if (::access(program.c_str(), X_OK) != 0) return fail(Error::from_errno(errno, "run " + program));
    return program;
  }
  const char* named = std::getenv("PATH");
  const std::string search = named != nullptr ? named : "/usr/local/bin:/usr/bin:/bin";
  for (std::string_view folder : split(search, ':')) {
    std::string candidate = fmt::format("{}/{}", folder.empty() ? "." : folder, program);
    const auto facts = look_at(candidate);
    if (facts && facts->regular && ::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return fail(ErrorKind::not_found, fmt::format("no program '{}' in PATH", printable(program)));
}

Result<Child> Child::spawn(const SpawnPlan& plan) {
  if (plan.argv.empty()) return fail(ErrorKind::usage, "no command to run");
  TRY_ASSIGN(std::string program, find_program(plan.argv.front()));
  if (plan.adopt_orphans && ::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return fail(Error::from_errno(errno, "become a subreaper"));
  Pipe output;
  if (plan.capture_output) {
    TRY_ASSIGN(output, make_pipe());
  }
  TRY_ASSIGN(Pipe failure, make_pipe());
  auto argv = plan.argv;
  auto environment = merged_environment(plan);
  const auto raw_argv = pointers(argv);
  const auto raw_environment = pointers(environment);

  const Stamp started = now();
  const pid_t pid = registry().add([&] {
    const pid_t forked = ::fork();
    if (forked == 0) become(program.c_str(), raw_argv.data(), raw_environment.data(), output.write_end.get(), failure.write_end.get());
    return forked;
  });
  if (pid < 0) return fail(Error::from_errno(errno, "fork"));
  ::setpgid(pid, pid);  // both sides do it: whoever comes first
  failure.write_end = Fd();
  output.write_end = Fd();
  if (const int code = exec_errno(failure.read_end); code != 0) {
    reap(pid);
    registry().remove(pid);
    return fail(Error::from_errno(code, "run " + program));
  }
  return Child(pid, plan.adopt_orphans, started, std::move(output.read_end));
}

Child::Child(Child&& other) noexcept
    : m_pid(std::exchange(other.m_pid, -1)), m_adopts(other.m_adopts), m_started(other.m_started), m_output(std::move(other.m_output)), m_exit(other.m_exit) {}

Child::~Child() {
  if (m_pid > 0) ignore(end_tree(Seconds(0)), "a destructor can only try");
}

// Looks without reaping: until end_tree is through, the zombie keeps the pid and the group's number ours.
std::optional<Exit> Child::poll() {
  if (m_exit || m_pid <= 0) return m_exit;
  siginfo_t end{};
  const int code = ::waitid(P_PID, static_cast<id_t>(m_pid), &end, WEXITED | WNOHANG | WNOWAIT);
  if (code == 0 && end.si_pid == m_pid) m_exit = exit_of(end);
  if (code != 0 && errno == ECHILD) m_exit = Exit{};  // SIGCHLD is ignored here: the kernel reaped it and kept nothing
  return m_exit;
}

std::vector<Process> Child::members() const {
  if (m_pid <= 0) return {};
  const auto all = all_processes();
  if (!m_adopts) return kin(m_pid, all);
  // Everything below us is this child's, but for the other children that somebody owns and their kin.
  std::set<pid_t> foreign = registry().others(m_pid);
  for (const pid_t other : std::set<pid_t>(foreign))
    for (const auto& process : kin(other, all)) foreign.insert(process.pid);
  auto members = descendants(::getpid(), all);
  std::erase_if(members, [&](const Process& process) { return foreign.contains(process.pid); });
  return members;
}

std::vector<Process> Child::tree() const {
  auto living = members();
  std::erase_if(living, [](const Process& process) { return !alive(process); });
  return living;
}

Result<std::vector<Process>> Child::end_tree(Seconds grace) {
  if (m_pid <= 0) return std::vector<Process>{};
  ::kill(-m_pid, SIGTERM);
  std::vector<Process> forced;
  std::set<pid_t> asked;
  bool killing = false;
  const Stamp begun = now();
  while (true) {
    const bool ended = poll().has_value();
    auto left = members();
    if (m_adopts) reap_orphans(left, m_pid);
    std::erase_if(left, [](const Process& process) { return !alive(process); });
    if (left.empty() && ended) break;
    // Its own workers are the child's to end. What outlives it, in a group of its own, was never asked.
    if (ended)
      for (const auto& process : left)
        if (asked.insert(process.pid).second) signal_seen(process, SIGTERM);
    if (!killing && since(begun) >= grace) {
      killing = true;
      forced = left;
    }
    if (killing)
      for (const auto& process : left) signal_seen(process, SIGKILL);
    if (since(begun) > grace + k_kill_patience)
      return fail(ErrorKind::timeout, fmt::format("process {} ({}) does not end after SIGKILL", left.empty() ? m_pid : left.front().pid,
                                                  left.empty() ? "zombie" : printable(left.front().name, 40)));
    std::this_thread::sleep_for(k_poll);
  }
  reap(m_pid);
  registry().remove(m_pid);
  m_pid = -1;
  if (m_adopts) ignore(::prctl(PR_SET_CHILD_SUBREAPER, 0), "later orphans are init's again, which reaps them");
  return forced;
}

namespace {

enum class Piece { data, none, end };

// Waits a little for output and takes what came, up to `limit` in all; what is beyond is read and dropped.
Piece take_output(const Fd& output, std::string& text, Bytes limit) {
  std::array<char, 65536> piece{};
  pollfd waiting{output.get(), POLLIN, 0};
  const int ready = ::poll(&waiting, 1, static_cast<int>(k_poll.count()));
  if (ready <= 0) return Piece::none;  // an interrupted wait too
  const ssize_t got = ::read(output.get(), piece.data(), piece.size());
  if (got < 0 && errno == EINTR) return Piece::none;
  if (got <= 0) return Piece::end;
  const std::size_t room = limit > text.size() ? static_cast<std::size_t>(limit) - text.size() : 0;
  text.append(piece.data(), std::min(static_cast<std::size_t>(got), room));
  return Piece::data;
}

}  // namespace

Result<Finished> run_to_end(const SpawnPlan& plan, Seconds timeout, Bytes limit) {
  TRY_ASSIGN(Child child, Child::spawn(plan));
  Finished finished;
  bool open = child.output().valid();
  while (true) {
    // Asked before the pipe: what it wrote before its end is then surely there to read. A daemon that it left
    // behind may keep the pipe open; we do not wait for that.
    const bool ended = child.poll().has_value();
    const Piece piece = open ? take_output(child.output(), finished.output, limit) : Piece::none;
    if (piece == Piece::end) open = false;
    if (ended && piece != Piece::data) break;
    if (since(child.started()) > timeout) return fail(ErrorKind::timeout, fmt::format("{} did not end in {}", plan.argv.front(), format_duration(timeout)));
    if (!open) std::this_thread::sleep_for(k_poll);
  }
  finished.exit = *child.poll();
  return finished;
}

}  // namespace stoker::os
