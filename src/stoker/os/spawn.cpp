#include "stoker/os/spawn.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/prctl.h>
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
  const int null_fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  ::dup2(null_fd, STDIN_FILENO);
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

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(Error::from_errno(errno, "make a pipe"));
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

Exit exit_of(int status) {
  if (WIFSIGNALED(status)) return {0, WTERMSIG(status)};
  return {WEXITSTATUS(status), 0};
}

void reap_orphans(const std::vector<Process>& tree, pid_t child) {
  for (const auto& process : tree)
    if (process.pid != child && process.state == 'Z') ::waitpid(process.pid, nullptr, WNOHANG);
}

bool alive(const Process& process) { return process.state != 'Z'; }

// Our direct children that a Child owns: they and their kin are nobody's orphans.
class Registry {
public:
  void add(pid_t pid) { const std::scoped_lock lock(m_mutex); m_pids.insert(pid); }
  void remove(pid_t pid) { const std::scoped_lock lock(m_mutex); m_pids.erase(pid); }
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

std::vector<Process> kin(pid_t child, const std::vector<Process>& all) {
  auto members = descendants(child, all);
  for (const auto& process : all) {
    const auto same = [&](const Process& member) { return member.pid == process.pid; };
    if ((process.pid == child || process.group == child) && std::ranges::none_of(members, same)) members.push_back(process);
  }
  return members;
}

}  // namespace

std::string to_string(const Exit& exit) {
  if (exit.signal != 0) return fmt::format("signal {} ({})", exit.signal, ::strsignal(exit.signal));
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
  const pid_t pid = ::fork();
  if (pid < 0) return fail(Error::from_errno(errno, "fork"));
  if (pid == 0) become(program.c_str(), raw_argv.data(), raw_environment.data(), output.write_end.get(), failure.write_end.get());
  ::setpgid(pid, pid);  // both sides do it: whoever comes first
  failure.write_end = Fd();
  output.write_end = Fd();
  int code = 0;
  if (::read(failure.read_end.get(), &code, sizeof code) == sizeof code) {
    ::waitpid(pid, nullptr, 0);
    return fail(Error::from_errno(code, "run " + program));
  }
  registry().add(pid);
  return Child(pid, plan.adopt_orphans, started, std::move(output.read_end));
}

Child::Child(Child&& other) noexcept
    : m_pid(std::exchange(other.m_pid, -1)), m_adopts(other.m_adopts), m_started(other.m_started), m_output(std::move(other.m_output)), m_exit(other.m_exit) {}

Child::~Child() {
  if (m_pid > 0) ignore(end_tree(Seconds(0)), "a destructor can only try");
}

std::optional<Exit> Child::poll() {
  if (m_exit || m_pid <= 0) return m_exit;
  int status = 0;
  if (::waitpid(m_pid, &status, WNOHANG) == m_pid) m_exit = exit_of(status);
  return m_exit;
}

std::vector<Process> Child::tree() const {
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

Result<std::vector<Process>> Child::end_tree(Seconds grace) {
  if (m_pid <= 0) return std::vector<Process>{};
  ::kill(-m_pid, SIGTERM);
  std::vector<Process> forced;
  bool killing = false;
  const Stamp begun = now();
  while (true) {
    poll();
    auto left = tree();
    if (m_adopts) reap_orphans(left, m_pid);
    std::erase_if(left, [](const Process& process) { return !alive(process); });
    if (left.empty() && m_exit) break;
    if (!killing && since(begun) >= grace) {
      killing = true;
      forced = left;
    }
    if (killing)
      for (const auto& process : left) ::kill(process.pid, SIGKILL);
    if (since(begun) > grace + k_kill_patience)
      return fail(ErrorKind::timeout, fmt::format("process {} ({}) does not end after SIGKILL", left.empty() ? m_pid : left.front().pid,
                                                  left.empty() ? "zombie" : left.front().name));
    std::this_thread::sleep_for(k_poll);
  }
  registry().remove(m_pid);
  m_pid = -1;
  return forced;
}

Result<Finished> run_to_end(const SpawnPlan& plan, Seconds timeout, Bytes limit) {
  TRY_ASSIGN(Child child, Child::spawn(plan));
  Finished finished;
  std::array<char, 65536> piece{};
  while (child.output().valid()) {
    const Seconds left = timeout - since(child.started());
    pollfd waiting{child.output().get(), POLLIN, 0};
    if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count() * 1000) + 1) == 0)
      return fail(ErrorKind::timeout, fmt::format("{} did not end in {}", plan.argv.front(), format_duration(timeout)));
    const ssize_t got = ::read(child.output().get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    if (finished.output.size() < limit) finished.output.append(piece.data(), static_cast<std::size_t>(got));
  }
  while (!child.poll()) {
    if (since(child.started()) > timeout) return fail(ErrorKind::timeout, fmt::format("{} did not end in {}", plan.argv.front(), format_duration(timeout)));
    std::this_thread::sleep_for(k_poll);
  }
  finished.exit = *child.poll();
  return finished;
}

}  // namespace stoker::os
