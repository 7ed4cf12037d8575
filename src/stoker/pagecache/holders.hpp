// Who keeps pages in memory: processes that map a file.
#pragma once

#include <sys/types.h>

#include <set>
#include <string>
#include <vector>

#include "stoker/os/root.hpp"

namespace stoker::pagecache {

struct Holder {
  pid_t pid = 0;
  std::string name;     // comm
  std::string command;  // argv, printable, secrets blotted out
  std::string path;     // the file it maps
};

// Processes that map one of the files, by device and inode (and by path where a filesystem's device
// numbers differ between stat and maps: overlay, btrfs). `except` are pids that do not count.
// Processes of other users that we may not look at are skipped.
std::vector<Holder> holders_of(const std::vector<std::string>& files, const std::set<pid_t>& except = {}, const os::Root& root = {});

}  // namespace stoker::pagecache
