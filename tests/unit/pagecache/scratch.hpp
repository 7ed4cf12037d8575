// Real files on a real disk for the page cache tests, and a second opinion on what is resident.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "stoker/base/result.hpp"
#include "stoker/base/units.hpp"

namespace stoker::pagecache::test {

inline constexpr uid_t k_nobody = 65534;

// A folder on a filesystem with a page cache behind it ($TMPDIR, /tmp or /var/tmp), removed at the end.
class Scratch {
public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  [[nodiscard]] const std::string& folder() const { return m_folder; }
  [[nodiscard]] std::string path(const std::string& name) const { return m_folder + "/" + name; }
  // A file of random bytes, written back to the disk and out of the page cache.
  [[nodiscard]] std::string cold(const std::string& name, Bytes bytes) const;
  // All holes, nothing resident.
  [[nodiscard]] std::string sparse(const std::string& name, Bytes bytes) const;

private:
  std::string m_folder;
};

void must(const Status& done);  // throws the error
Bytes page();
bool has_root();
void write_random(const std::string& path, Bytes bytes);  // dirty in the page cache
void drop(const std::string& path);                       // to the disk, and out of the page cache
void read_part(const std::string& path, Bytes begin, Bytes end);  // exactly these pages: no read-ahead
// What mincore says of the whole file in one map, pages × page size.
Bytes resident_by_mincore(const std::string& path);

// Runs `body` in a child as another user; its return value is the child's exit code.
int as_user(uid_t user, const std::function<int()>& body);

// A child that maps a file, touches all its pages and waits until it is killed by the destructor.
class Mapper {
public:
  explicit Mapper(const std::string& path, bool lock = false);
  ~Mapper();
  Mapper(const Mapper&) = delete;
  Mapper& operator=(const Mapper&) = delete;
  [[nodiscard]] pid_t pid() const { return m_pid; }
  [[nodiscard]] bool ready() const { return m_ready; }  // false: it could not map (or lock)

private:
  pid_t m_pid = -1;
  bool m_ready = false;
};

}  // namespace stoker::pagecache::test
