#include "stoker/engine/server.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "stoker/base/log.hpp"
#include "stoker/base/text.hpp"
#include "stoker/os/clock.hpp"
#include "stoker/engine/container.hpp"
#include "stoker/engine/output.hpp"
#include "stoker/engine/readiness.hpp"
#include "stoker/engine/ready_watch.hpp"
#include "stoker/engine/server_usage.hpp"
#include "stoker/os/cgroup.hpp"
#include "stoker/os/sockets.hpp"

namespace stoker::engine {
namespace {

constexpr Seconds k_poll{0.02};
constexpr Seconds k_look_period{0.2};        // processes that live longer are seen by usage()
constexpr double k_look_share = 20;          // … unless /proc is so full that looking would take over 1/20 of a core
constexpr Seconds k_output_patience{0.5};    // for what a process wrote just before its end
constexpr Seconds k_destructor_grace{1};
constexpr Seconds k_cleanup_grace{2};        // a container's monitor removes layers after the container's end
constexpr Seconds k_port_patience{5};        // sockets of killed processes go within milliseconds

}  // namespace

// A container that was found: who it is, and what its cgroup knows.
struct Inside {
  Container container;
  std::uint64_t start_ticks = 0;
  std::optional<os::Cgroup> cgroup;

  explicit Inside(Container found) : container(std::move(found)), cgroup(os::cgroup_of(container.pid)) {
    if (const auto first = os::process(container.pid)) start_ticks = first->start_ticks;
    // Without a cgroup of its own (--cgroups=disabled, rootless on v1) it sits in one with us and everybody.
    const auto members = cgroup ? os::cgroup_members(*cgroup) : std::vector<pid_t>{};
    if (std::ranges::find(members, container.pid) == members.end() || std::ranges::find(members, ::getpid()) != members.end()) cgroup.reset();
  }

  [[nodiscard]] bool alive() const {
    const auto first = os::process(container.pid);
    return first && first->start_ticks == start_ticks && first->state != 'Z';
  }

  [[nodiscard]] std::vector<os::Process> members() const {
    if (!cgroup) {
      const auto all = os::all_processes();
      auto kin = os::descendants(container.pid, all);
      if (auto first = os::process(container.pid)) kin.push_back(std::move(*first));
      return kin;
    }
    std::vector<os::Process> found;
    for (const pid_t pid : os::cgroup_members(*cgroup))
      if (auto member = os::process(pid)) found.push_back(std::move(*member));
    return found;
  }
};

struct Server::State {
  State(LaunchPlan launch_plan, os::Child spawned)
      : plan(std::move(launch_plan)), child(std::move(spawned)), output(child.output(), child.started(), plan.echo_prefix) {}

  LaunchPlan plan;
  os::Child child;
  Output output;

  // Only of a container run.
  std::optional<ContainerCommand> command;
  std::vector<std::string> before;
  std::optional<Inside> inside;
  os::Stamp next_search;
  std::optional<os::Child> log_child;  // `logs --follow` of a detached container
  std::unique_ptr<Output> log_output;
  bool container_over = false;
  bool container_end_known = false;
  os::Exit container_end;

  PortOwners outer, inner;  // on the host, and in the container's network
  std::string last_seen;  // what the engine, or the container's client, answered last

  UsageLedger tree_ledger, inside_ledger;
  std::optional<Bytes> cgroup_bytes;
  os::Stamp next_look;
  bool shared = false;  // a stranger listens on our port as well
  bool stopped = false;

  [[nodiscard]] bool private_network() const { return command && !command->host_network; }
  [[nodiscard]] std::string name() const { return plan.argv.front().substr(plan.argv.front().rfind('/') + 1); }
  [[nodiscard]] std::vector<os::Process> processes() const;
  [[nodiscard]] std::vector<pid_t> pids() const;
  Status search();
  void follow_logs(const std::string& id);
  std::optional<os::Exit> poll_exit();
  Result<std::optional<Seconds>> look_at_port(const ReadyWatch& watch);
  Result<bool> owned();
  void look();
  [[nodiscard]] Usage usage() const;
  Status stop_inside(Seconds grace);
  [[nodiscard]] Error ended_early(const os::Exit& exit) const;
  [[nodiscard]] Error not_in_time(Seconds timeout) const;
};

std::vector<os::Process> Server::State::processes() const {
  auto all = child.tree();
  if (!inside) return all;
  for (auto& member : inside->members()) {
    const auto same = [&](const os::Process& other) { return other.pid == member.pid; };
    if (std::ranges::none_of(all, same)) all.push_back(std::move(member));
  }
  return all;
}

std::vector<pid_t> Server::State::pids() const {
  std::vector<pid_t> found;
  for (const auto& process : processes())
    if (process.state != 'Z') found.push_back(process.pid);
  return found;
}

// Two calls of the client, 60 ms together: not at every poll. A client that does not answer now may a second later.
Status Server::State::search() {
  if (!command || inside || container_over || os::now() < next_search) return {};
  const os::Stamp begun = os::now();
  auto found = find_container(*command, before);
  next_search = os::now() + std::chrono::duration_cast<os::Clock::duration>(std::max(k_look_period, os::since(begun) * 2));
  if (!found) {
    if (found.error().kind() == ErrorKind::busy) return fail(std::move(found).error());
    last_seen = found.error().message();
    return {};
  }
  if (*found) {
    inside.emplace(**found);
    if (command->detached) follow_logs(inside->container.id);
  }
  return {};
}

void Server::State::follow_logs(const std::string& id) {
  os::SpawnPlan follow{.argv = command->client, .environment = command->environment};
  follow.argv.insert(follow.argv.end(), {"logs", "--follow", id});
  auto spawned = os::Child::spawn(follow);
  if (!spawned) {
    log::debug("no log of the container: {}", spawned.error().message());
    return;
  }
  log_child.emplace(std::move(*spawned));
  log_output = std::make_unique<Output>(log_child->output(), child.started(), plan.echo_prefix);
}

// The client's end, or for a detached container that started, the container's.
std::optional<os::Exit> Server::State::poll_exit() {
  const auto client = child.poll();
  if (!client || !command || !command->detached || client->code != 0 || client->signal != 0) return client;
  if (container_over) return container_end;
  if (!inside) {
    next_search = {};
    ignore(search(), "what is not found has ended");
  }
  if (inside && inside->alive()) return std::nullopt;
  container_over = true;
  const auto ended = find_ended(*command, before);
  container_end_known = ended.has_value();
  container_end = ended ? ended->exit : os::Exit{};
  if (ended && !log_child) follow_logs(ended->id);
  return container_end;
}

// Whether the engine, and nobody else, listens. Errors: busy.
Result<bool> Server::State::owned() {
  if (command && !inside) return false;
  const auto members = [&] { return pids(); };
  const auto foreign = [&](const PortOwners& owners) {
    shared = true;
    return fail(ErrorKind::busy, fmt::format("port {} is shared with {}, which is none of the engine's", plan.port, owners.foreigner()));
  };
  const auto host = outer.look({.port = plan.port, .forwarded = private_network()}, members);
  if (host == PortOwners::Verdict::foreign) return foreign(outer);
  if (!private_network()) return host == PortOwners::Verdict::ours;

  const auto mapped = std::ranges::find(command->ports, plan.port, &std::pair<std::uint16_t, std::uint16_t>::first);
  const std::uint16_t port = mapped == command->ports.end() ? plan.port : mapped->second;
  const auto within = inner.look({.port = port, .inside = inside->container.pid, .private_network = true}, members);
  if (within == PortOwners::Verdict::foreign) return foreign(inner);
  return within == PortOwners::Verdict::ours;
}

// exec → ready, once the answer is there and whose it was is known.
Result<std::optional<Seconds>> Server::State::look_at_port(const ReadyWatch& watch) {
  TRY(search());
  TRY_ASSIGN(const bool listens, owned());
  if (!listens) return std::optional<Seconds>();
  last_seen = watch.saw();
  const auto ready = watch.ready_since();
  return ready ? std::optional<Seconds>(*ready - child.started()) : std::nullopt;
}

void Server::State::look() {
  const os::Stamp begun = os::now();
  if (inside) {
    inside_ledger.look(inside->members());
    if (const auto bytes = inside->cgroup ? os::cgroup_read_bytes(*inside->cgroup) : std::nullopt)
      cgroup_bytes = std::max(cgroup_bytes.value_or(0), *bytes);
  } else {
    tree_ledger.look(child.tree());
  }
  next_look = os::now() + std::chrono::duration_cast<os::Clock::duration>(std::max(k_look_period, os::since(begun) * k_look_share));
}

// What a container's client and monitor read is not the engine's. Its cgroup knows of every process, but v1 counts
// only where a limit is set [measured on 6.18: 0 of 8 MiB], so the larger of it and the sum over the members.
Usage Server::State::usage() const {
  const UsageLedger& ledger = inside ? inside_ledger : tree_ledger;
  auto bytes = ledger.storage_read_bytes();
  if (inside && cgroup_bytes) bytes = std::max(bytes.value_or(0), *cgroup_bytes);
  return {bytes, ledger.major_faults()};
}

Error Server::State::ended_early(const os::Exit& exit) const {
  std::string how = fmt::format("{} ended with {}", name(), os::to_string(exit));
  if (container_over)
    how = container_end_known ? fmt::format("the container of {} ended with {}", name(), os::to_string(exit))
                              : fmt::format("the container of {} ended (how is unknown, --rm removed it)", name());
  return {ErrorKind::ended, how + " before it was ready"};
}

Error Server::State::not_in_time(Seconds timeout) const {
  std::string why = last_seen;
  if (why.empty()) why = command && !inside ? "its container did not start" : fmt::format("nobody listens on port {}", plan.port);
  std::vector<std::string> elsewhere;
  for (const std::uint16_t port : ports_of(pids()))
    if (port != plan.port) elsewhere.push_back(std::to_string(port));
  if (last_seen.empty() && !elsewhere.empty()) why += fmt::format("; a process of the engine listens on port {} instead", join(elsewhere, ", "));
  return {ErrorKind::timeout, fmt::format("{} was not ready in {}: {}", name(), format_duration(timeout), why)};
}

Status Server::State::stop_inside(Seconds grace) {
  if (!command) return {};
  if (!inside) {
    next_search = {};
    ignore(search(), "one more look follows when the client has ended");
  }
  if (!inside) return {};
  return stop_container(*command, inside->container, grace);
}

Server::Server(std::unique_ptr<State> state) : m_state(std::move(state)) {}
Server::Server(Server&&) noexcept = default;

Server::~Server() {
  if (!m_state || m_state->stopped) return;
  if (const auto stopped = stop(k_destructor_grace); !stopped) log::debug("{}", stopped.error().message());
}

Result<Server> Server::launch(const LaunchPlan& plan) {
  if (plan.argv.empty()) return fail(ErrorKind::usage, "no command to start an engine with");
  TRY(os::port_is_free(plan.port));
  auto command = parse_container(plan.argv);
  std::vector<std::string> before;
  if (command) {
    command->environment = plan.environment;
    TRY_ASSIGN(before, container_ids(*command));
  }
  TRY_ASSIGN(os::Child child, os::Child::spawn({.argv = plan.argv, .environment = plan.environment, .adopt_orphans = true}));
  auto state = std::make_unique<State>(plan, std::move(child));
  state->command = std::move(command);
  state->before = std::move(before);
  return Server(std::move(state));
}

Result<Seconds> Server::wait_ready(Seconds timeout, const std::stop_token& stop, const std::function<void()>& tick) {
  State& state = *m_state;
  const ReadyWatch watch(readiness_of(state.plan.kind), state.plan.port);
  while (true) {
    if (stop.stop_requested()) return fail(ErrorKind::cancelled, "interrupted while waiting for the engine");
    if (const auto exit = state.poll_exit()) {
      state.output.await_end(k_output_patience);
      if (state.log_output) state.log_output->await_end(k_output_patience);
      return fail(state.ended_early(*exit));
    }
    if (os::now() >= state.next_look) state.look();
    TRY_ASSIGN(const auto ready, state.look_at_port(watch));
    if (tick) tick();
    if (ready) return *ready;
    if (os::since(started()) >= timeout) return fail(state.not_in_time(timeout));
    os::wait_for(k_poll, stop);
  }
}

Server::FirstToken Server::first_token(Seconds timeout) {
  if (!readiness_of(m_state->plan.kind).completes) return {std::nullopt, fmt::format("{} serves no completions", to_string(m_state->plan.kind))};
  const auto answered = ask_token(m_state->plan.port, timeout);
  if (!answered) return {std::nullopt, answered.error().message()};
  return {os::since(started()), ""};
}

std::vector<StampedLine> Server::lines() const {
  auto all = m_state->output.lines();
  if (!m_state->log_output) return all;
  auto logged = m_state->log_output->lines();
  all.insert(all.end(), std::make_move_iterator(logged.begin()), std::make_move_iterator(logged.end()));
  std::ranges::stable_sort(all, {}, &StampedLine::at);
  return all;
}

std::vector<std::string> Server::last_lines(std::size_t count) const {
  auto newest = m_state->output.last(count);
  if (!m_state->log_output) return newest;
  auto logged = m_state->log_output->last(count);
  newest.insert(newest.end(), logged.begin(), logged.end());  // a detached client says its container's id and ends
  if (newest.size() > count) newest.erase(newest.begin(), newest.end() - static_cast<std::ptrdiff_t>(count));
  return newest;
}

Usage Server::usage() {
  m_state->look();
  return m_state->usage();
}

std::vector<os::Process> Server::processes() const { return m_state->processes(); }
os::Stamp Server::started() const { return m_state->child.started(); }
std::optional<os::Exit> Server::exit() const { return m_state->poll_exit(); }

Status Server::stop(Seconds grace) {
  State& state = *m_state;
  if (state.stopped) return {};
  const Status inside = state.stop_inside(grace);
  const auto ended = state.child.end_tree(state.command ? std::max(grace, k_cleanup_grace) : grace);
  if (state.command && !state.inside) {  // interrupted while the client was about to start it
    ignore(state.stop_inside(grace), "the port tells whether something is left");
    ignore(remove_unstarted(*state.command, state.before), "a container that never ran holds no resource");
  }
  if (state.log_child) ignore(state.log_child->end_tree(Seconds(0)), "its destructor tries again");
  if (!inside) return inside;
  if (!ended) return fail(Error(ended.error()));
  state.stopped = true;
  if (state.shared) return {};  // the port will not get free by what we do
  const os::Stamp begun = os::now();
  while (true) {
    auto free = os::port_is_free(state.plan.port);
    if (free || os::since(begun) >= k_port_patience) return free;
    os::pause(k_poll);
  }
}

}  // namespace stoker::engine
