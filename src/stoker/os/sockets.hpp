// TCP ports: who listens, and whether one may be taken.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/os/root.hpp"

namespace stoker::os {

// Inodes of sockets that listen on `port`, IPv4 and IPv6, in the network namespace of `pid`
// (0: ours), from /proc/PID/net/tcp and tcp6.
std::vector<std::uint64_t> listeners(std::uint16_t port, pid_t pid = 0, const Root& root = {});

// Every listening socket of that namespace: inode → port.
std::map<std::uint64_t, std::uint16_t> listening_ports(pid_t pid = 0, const Root& root = {});

// Processes that hold one of these socket inodes.
std::vector<pid_t> holders_of_sockets(const std::vector<std::uint64_t>& inodes, const Root& root = {});

// Whether nobody has bound the port, listening or not (vLLM binds long before it listens); sockets
// in TIME_WAIT do not count. Errors: busy, naming the pids that are known.
Status port_is_free(std::uint16_t port);

// A port that was free a moment ago, from the kernel's own range.
Result<std::uint16_t> pick_free_port();

}  // namespace stoker::os
