// Emptying the page cache of single files, without root, and proving it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/base/units.hpp"
#include "stoker/pagecache/holders.hpp"
#include "stoker/pagecache/residency.hpp"

namespace stoker::pagecache {

struct Eviction {
  std::string path;
  Bytes bytes = 0;
  std::optional<Bytes> before, after;  // resident bytes; nothing: unknown. Equal after a dry run
  std::string reason;                  // why pages stayed, or why it cannot be known; "" when after is 0
  std::vector<Holder> holders;         // that map the file, when pages stayed or may have
};

struct EvictOptions {
  bool dry_run = false;  // measures, and tells what would stay as far as that is known before
};

// For each file: posix_fadvise(DONTNEED), measure; then again a bounded number of times while pages stay, with
// fdatasync (a dirty page, or one under read-ahead or write-back, is not dropped at the first call).
// Reading rights suffice. Errors: those of measure. A page that stays is no error but a reason: mapped by
// pid, dirty, tmpfs, locked. Thread-safe.
Result<std::vector<Eviction>> evict(const std::vector<std::string>& files, EvictOptions options = {});

}  // namespace stoker::pagecache
