#include "stoker/engine/readiness.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "stoker/base/json.hpp"
#include "stoker/base/text.hpp"
#include "stoker/net/http_client.hpp"
#include "stoker/os/clock.hpp"
#include "stoker/os/file.hpp"
#include "stoker/os/process.hpp"
#include "stoker/os/sockets.hpp"

namespace stoker::engine {
namespace {

// What listens on the host for a container with -p: docker's, podman's (conmon holds the port open for CNI), rootless ones.
constexpr std::array k_forwarders{"docker-proxy", "conmon", "rootlessport", "rootlesskit", "pasta", "pasta.avx2", "slirp4netns"};

bool is_forwarder(pid_t pid) {
  const auto process = os::process(pid);
  if (!process) return false;
  // comm is cut at 15 bytes and its end may say which thread it is: "rootlessport-ch".
  return std::ranges::any_of(k_forwarders, [&](std::string_view name) { return process->name.starts_with(name); });
}

// A container's processes may run as a user whose descriptors we may not list.
bool hides_descriptors(pid_t pid) {
  const auto listed = os::list_folder(fmt::format("/proc/{}/fd", pid));
  return !listed && listed.error().kind() == ErrorKind::denied;
}

bool contains(const std::vector<pid_t>& pids, pid_t pid) { return std::ranges::find(pids, pid) != pids.end(); }

}  // namespace

// For a socket that no member is known to hold: whether it is the engine's all the same.
bool PortOwners::stands_for_engine(const Place& place, std::uint64_t inode, const std::vector<pid_t>& members) {
  const auto holders = os::holders_of_sockets({inode});
  if (holders.empty()) {
    m_foreigner = "a process that this user may not see";
    return place.private_network || std::ranges::any_of(members, hides_descriptors);
  }
  for (const pid_t holder : holders)
    if (contains(members, holder) || (place.forwarded && is_forwarder(holder))) return true;
  m_foreigner = fmt::format("process {} ({})", holders.front(), os::command_line(holders.front()));
  return false;
}

PortOwners::Verdict PortOwners::look(const Place& place, const Members& members) {
  const auto inodes = os::listeners(place.port, place.inside);
  std::erase_if(m_ours, [&](std::uint64_t inode) { return std::ranges::find(inodes, inode) == inodes.end(); });
  std::vector<std::uint64_t> unknown;
  std::ranges::copy_if(inodes, std::back_inserter(unknown), [&](std::uint64_t inode) { return !m_ours.contains(inode); });
  if (!unknown.empty()) {
    const auto pids = members();
    for (const pid_t pid : pids) {
      const auto held = os::socket_inodes(pid);
      std::erase_if(unknown, [&](std::uint64_t inode) { return held.contains(inode) && m_ours.insert(inode).second; });
    }
    std::erase_if(unknown, [&](std::uint64_t inode) { return stands_for_engine(place, inode, pids) && m_ours.insert(inode).second; });
  }
  const bool suspected = std::exchange(m_suspicion, !unknown.empty());
  if (!unknown.empty()) return suspected ? Verdict::foreign : Verdict::nobody;
  return m_ours.empty() ? Verdict::nobody : Verdict::ours;
}

Result<std::string> first_model(std::string_view body) {
  TRY_ASSIGN(const Json json, parse_json(body, {.refuse_duplicate_keys = false}));
  const auto data = json.is_object() ? json.find("data") : json.end();
  if (data == json.end() || !data->is_array() || data->empty()) return fail(ErrorKind::invalid, "no model is listed");
  const Json& model = data->front();
  const auto id = model.is_object() ? model.find("id") : model.end();
  if (id == model.end() || !id->is_string()) return fail(ErrorKind::invalid, "the first model has no id");
  return id->get<std::string>();
}

Asked ask_ready(const Readiness& readiness, std::uint16_t port, Seconds timeout) {
  Asked asked;
  for (const auto& path : readiness.paths) {
    const auto answer = net::get({.port = port, .path = path}, timeout);
    if (!answer) {
      asked.timed_out = asked.timed_out || answer.error().kind() == ErrorKind::timeout;
      asked.saw = fmt::format("{} at {}", answer.error().message(), path);
    } else if (answer->status != 200) {
      asked.saw = fmt::format("HTTP {} at {}", answer->status, path);
    } else if (readiness.wants_model_listed && !first_model(answer->body)) {
      asked.saw = fmt::format("HTTP 200 at {}, but {}", path, first_model(answer->body).error().message());
    } else {
      return {true, false, fmt::format("HTTP 200 at {}", path)};
    }
  }
  return asked;
}

Status ask_token(std::uint16_t port, Seconds timeout) {
  constexpr const char* k_models = "/v1/models";
  constexpr const char* k_completions = "/v1/completions";
  const os::Stamp begun = os::now();
  TRY_ASSIGN(const net::Answer models, net::get({.port = port, .path = k_models}, timeout));
  if (models.status != 200) return fail(ErrorKind::unavailable, fmt::format("HTTP {} at {}", models.status, k_models));
  auto model = first_model(models.body);
  if (!model) return fail(std::move(model).error().context(k_models));
  const Json question{{"model", *model}, {"prompt", "Hello"}, {"max_tokens", 1}, {"temperature", 0}};
  const Seconds left = std::max(timeout - os::since(begun), Seconds(0.001));
  TRY_ASSIGN(const net::Answer answer, net::post_json({.port = port, .path = k_completions}, dump_json(question, -1), left));
  if (answer.status != 200)
    return fail(ErrorKind::unavailable, fmt::format("HTTP {} at {}: {}", answer.status, k_completions, printable(trim(answer.body), 200)));
  return {};
}

std::vector<std::uint16_t> ports_of(const std::vector<pid_t>& pids) {
  std::set<std::uint16_t> ports;
  for (const pid_t pid : pids) {
    const auto held = os::socket_inodes(pid);
    if (held.empty()) continue;
    for (const auto& [inode, port] : os::listening_ports(pid))
      if (held.contains(inode)) ports.insert(port);
  }
  return {ports.begin(), ports.end()};
}

}  // namespace stoker::engine
