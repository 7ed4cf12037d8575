// Processes as /proc shows them: identity, kin, what they read, what they hold. Thread-safe: no state.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "stoker/base/units.hpp"
#include "stoker/os/file.hpp"
#include "stoker/os/root.hpp"

namespace stoker::os {

struct Process {
  pid_t pid = 0, parent = 0, group = 0, session = 0;
  std::string name;                // comm, which may hold blanks and parentheses
  char state = '?';                // 'Z' is a zombie
  std::uint64_t major_faults = 0;  // its own, without children
  std::uint64_t start_ticks = 0;   // since boot; with pid, an identity that pid reuse does not fool
};

std::optional<Process> process(pid_t pid, const Root& root = {});
std::vector<Process> all_processes(const Root& root = {});

// Descendants of `ancestor` (without it) among `processes`.
std::vector<Process> descendants(pid_t ancestor, const std::vector<Process>& processes);

// argv joined by blanks, made printable, cut at 200 bytes; secrets after --api-key and the like blotted out.
std::string command_line(pid_t pid, const Root& root = {});
// An argv to show or to keep: what --api-key, --token, NAME_KEY=… and the like announce becomes "***".
std::vector<std::string> without_secrets(const std::vector<std::string>& argv);
// argv itself, unmade; empty when gone or not ours to read.
std::vector<std::string> arguments(pid_t pid, const Root& root = {});

// read_bytes of /proc/PID/io: bytes this process caused to be read from storage. Nothing when not permitted.
std::optional<Bytes> storage_read_bytes(pid_t pid, const Root& root = {});

// Files that a process maps, by device and inode as /proc/PID/maps has them. On overlay and btrfs the
// device there may differ from stat's st_dev: compare inodes, then the path.
struct Mapping {
  FileId id;
  std::string path;
};
std::vector<Mapping> mapped_files(pid_t pid, const Root& root = {});

// Whether the process has one of the files open with O_DIRECT right now (/proc/PID/fdinfo).
bool reads_directly(pid_t pid, const std::set<FileId>& files, const Root& root = {});

// Inodes of the sockets among the process's descriptors.
std::set<std::uint64_t> socket_inodes(pid_t pid, const Root& root = {});

}  // namespace stoker::os
