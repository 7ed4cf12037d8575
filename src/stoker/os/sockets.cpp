// A port may be taken without a listener: vLLM binds it minutes before it listens, with SO_REUSEADDR and
// SO_REUSEPORT. Such a socket stands in no /proc/net table, and a bind of ours with SO_REUSEADDR would succeed
// beside it. A bind without SO_REUSEADDR is refused by it, but by sockets in TIME_WAIT as well, of which every
// stopped server leaves some for a minute. So: a strict bind first. Where only that is refused, the kernel's list
// of bound sockets decides (sock_diag, Linux 6.8), and before 6.8 a strict bind of a loopback address that nobody
// ever talked to: TIME_WAIT sockets have addresses of their own, a socket bound to all addresses is in its way.
#include "stoker/os/sockets.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <set>
#include <span>

#include "stoker/base/text.hpp"
#include "stoker/os/fd.hpp"
#include "stoker/os/file.hpp"
#include "stoker/os/process.hpp"

namespace stoker::os {
namespace {

constexpr Bytes k_table_limit = 64 * k_mib;      // 150 bytes a connection
constexpr std::string_view k_listen = "0A";      // TCP_LISTEN in /proc/net/tcp
constexpr std::uint32_t k_bound_inactive = 13;   // TCP_BOUND_INACTIVE, Linux 6.8; not in Debian 12's headers
constexpr std::uint32_t k_probe_address = 0x7f4d5b2e;  // 127.77.91.46: loopback, and nobody's habit

struct Row {
  std::uint16_t port = 0;
  std::string_view state;
  std::uint64_t inode = 0;
};

// "  0: 0100007F:1F90 00000000:0000 0A 0:0 0:0 0 uid timeout inode …"
std::optional<Row> parse_row(std::string_view line) {
  const auto fields = split_blank(line);
  if (fields.size() < 10) return std::nullopt;
  const std::size_t colon = fields[1].rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view hex = fields[1].substr(colon + 1);
  Row row{0, fields[3], 0};
  const auto [rest, code] = std::from_chars(hex.data(), hex.data() + hex.size(), row.port, 16);
  if (code != std::errc() || rest != hex.data() + hex.size() || !parse_number(fields[9], row.inode)) return std::nullopt;
  return row;
}

// Any local socket on the port that the tables know: connections, TIME_WAIT, listeners.
bool any_known(std::uint16_t port) {
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    const auto text = read_text(table, k_table_limit);
    if (!text) continue;
    for (std::string_view line : split(*text, '\n'))
      if (const auto row = parse_row(line); row && row->port == port) return true;
  }
  return false;
}

// 0, or the errno that binding gave. A family that the kernel does not have cannot be in the way.
int bind_error(int family, std::uint16_t port, bool reuse, std::uint32_t address = INADDR_ANY) {
  const Fd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return errno == EAFNOSUPPORT ? 0 : errno;
  const int on = 1;
  if (reuse) ignore(::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "the bind tells");
  int code = 0;
  if (family == AF_INET6) {
    ignore(::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on), "the bind tells");
    sockaddr_in6 any{};
    any.sin6_family = AF_INET6;
    any.sin6_port = htons(port);
    code = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any) == 0 ? 0 : errno;
  } else {
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_port = htons(port);
    any.sin_addr.s_addr = htonl(address);
    code = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any) == 0 ? 0 : errno;
  }
  return code == EADDRNOTAVAIL ? 0 : code;  // IPv6 switched off by sysctl
}

struct DiagRequest {
  nlmsghdr header{};
  inet_diag_req_v2 body{};
};

bool ask(const Fd& fd, int family) {
  DiagRequest request;
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.body.sdiag_family = static_cast<std::uint8_t>(family);
  request.body.sdiag_protocol = IPPROTO_TCP;
  request.body.idiag_states = 1U << k_bound_inactive;
  return ::send(fd.get(), &request, sizeof request, 0) == static_cast<ssize_t>(sizeof request);
}

// Adds what one datagram says; false when it was the last one.
bool take_answers(std::span<const std::byte> data, std::uint16_t port, std::vector<std::uint64_t>& inodes) {
  while (data.size() >= sizeof(nlmsghdr)) {
    nlmsghdr header{};
    std::memcpy(&header, data.data(), sizeof header);
    if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR) return false;
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > data.size()) return false;
    inet_diag_msg message{};
    if (header.nlmsg_len >= sizeof header + sizeof message) {
      std::memcpy(&message, data.data() + sizeof header, sizeof message);
      if (message.idiag_state == k_bound_inactive && ntohs(message.id.idiag_sport) == port) inodes.push_back(message.idiag_inode);
    }
    data = data.subspan(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), data.size()));
  }
  return true;
}

// Sockets that are bound to the port and do nothing yet. Empty before Linux 6.8, which does not list them.
std::vector<std::uint64_t> bound_sockets(std::uint16_t port) {
  std::vector<std::uint64_t> inodes;
  for (const int family : {AF_INET, AF_INET6}) {
    const Fd fd(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
    if (!fd.valid() || !ask(fd, family)) continue;
    const timeval patience{1, 0};
    ignore(::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), "the kernel answers at once");
    std::array<std::byte, 32768> buffer{};
    while (true) {
      const ssize_t got = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
      if (got <= 0 || !take_answers(std::span(buffer).first(static_cast<std::size_t>(got)), port, inodes)) break;
    }
  }
  return inodes;
}

Status taken(std::uint16_t port, const std::vector<std::uint64_t>& inodes) {
  std::vector<std::string> names;
  for (const pid_t pid : holders_of_sockets(inodes))
    if (const auto holder = process(pid)) names.push_back(fmt::format("pid {} ({})", pid, printable(holder->name, 40)));
  if (!names.empty()) return fail(ErrorKind::busy, fmt::format("port {} is taken by {}", port, join(names, ", ")));
  return fail(ErrorKind::busy, fmt::format("port {} is taken by a process that cannot be named from here (another user's, or one that has not begun to listen)", port));
}

}  // namespace

std::map<std::uint64_t, std::uint16_t> listening_ports(pid_t pid, const Root& root) {
  std::map<std::uint64_t, std::uint16_t> ports;
  const std::string folder = root.path(pid == 0 ? "/proc/net/" : fmt::format("/proc/{}/net/", pid));
  for (const char* table : {"tcp", "tcp6"}) {
    const auto text = read_text(folder + table, k_table_limit);
    if (!text) continue;
    for (std::string_view line : split(*text, '\n'))
      if (const auto row = parse_row(line); row && row->state == k_listen) ports[row->inode] = row->port;
  }
  return ports;
}

std::vector<std::uint64_t> listeners(std::uint16_t port, pid_t pid, const Root& root) {
  std::vector<std::uint64_t> inodes;
  for (const auto& [inode, its_port] : listening_ports(pid, root))
    if (its_port == port) inodes.push_back(inode);
  return inodes;
}

std::vector<pid_t> holders_of_sockets(const std::vector<std::uint64_t>& inodes, const Root& root) {
  std::vector<pid_t> holders;
  if (inodes.empty()) return holders;
  for (const auto& candidate : all_processes(root)) {
    const auto held = socket_inodes(candidate.pid, root);
    if (std::ranges::any_of(inodes, [&](std::uint64_t inode) { return held.contains(inode); })) holders.push_back(candidate.pid);
  }
  return holders;
}

Status port_is_free(std::uint16_t port) {
  bool leftovers = false;
  for (const int family : {AF_INET, AF_INET6}) {
    const int strict = bind_error(family, port, false);
    if (strict == 0) continue;
    if (strict != EADDRINUSE) return fail(Error::from_errno(strict, fmt::format("bind port {}", port)));
    leftovers = true;
    if (bind_error(family, port, true) == 0) continue;
    auto inodes = listeners(port);
    if (inodes.empty()) inodes = bound_sockets(port);
    return taken(port, inodes);
  }
  if (!leftovers) return {};
  if (const auto inodes = bound_sockets(port); !inodes.empty()) return taken(port, inodes);
  if (bind_error(AF_INET, port, false, k_probe_address) == EADDRINUSE || !any_known(port)) return taken(port, {});
  return {};
}

Result<std::uint16_t> pick_free_port() {
  constexpr int k_tries = 64;  // each is free but for a race
  for (int i = 0; i < k_tries; ++i) {
    const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in any{};
    any.sin_family = AF_INET;
    socklen_t length = sizeof any;
    if (!fd.valid() || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&any), length) != 0 || ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&any), &length) != 0)
      return fail(Error::from_errno(errno, "pick a port"));
    if (bind_error(AF_INET6, ntohs(any.sin_port), false) == 0) return ntohs(any.sin_port);
  }
  return fail(ErrorKind::busy, "no port is free for IPv4 and IPv6");
}

}  // namespace stoker::os
