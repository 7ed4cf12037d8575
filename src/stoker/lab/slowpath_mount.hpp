// A FUSE mount of a slow path: what it needs, how it comes up, how it goes.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "stoker/base/result.hpp"
#include "stoker/lab/slowpath_view.hpp"
#include "stoker/os/fd.hpp"
#include "stoker/os/mounts.hpp"
#include "stoker/os/root.hpp"

struct fuse_session;

namespace stoker::lab {

struct MountPlaces {
  std::string source, point;  // links resolved
};
// Errors: not_found (either is missing), usage (not a folder, not empty, one inside the other), busy with the
// mend when the point is the mount of a program that died.
Result<MountPlaces> check_places(const std::string& source, const std::string& point);

// Whether this machine can mount FUSE at all. Errors: unsupported, naming what is missing and the mend.
Status check_fuse(const os::Root& root = {});

enum class Unmounted {
  cleanly,
  while_busy,  // taken out of the tree; who has files open there still gets errors from now on
  by_others,   // it was gone already
};
std::string_view to_string(Unmounted how);

// Not thread-safe but for receive, which runs in a thread of its own. The destructor unmounts whatever it takes.
class FuseMount {
public:
  // Errors: unsupported (no privilege), io.
  static Result<std::unique_ptr<FuseMount>> make(View& view, const std::string& point);
  FuseMount(const FuseMount&) = delete;
  FuseMount& operator=(const FuseMount&) = delete;
  ~FuseMount();

  // Takes requests and hands them to the view, until stop or until the mount is gone.
  void receive(const std::stop_token& stop);
  // Out of the tree, lazily when it is busy. Errors: io, denied.
  Result<Unmounted> unmount();

private:
  FuseMount(std::string point, fuse_session* session, os::Fd wake) : m_point(std::move(point)), m_session(session), m_wake(std::move(wake)) {}
  [[nodiscard]] bool is_mounted() const;

  std::string m_point;
  fuse_session* m_session;
  os::Fd m_wake;     // an eventfd that ends receive's wait
  os::Mount m_mount;  // as /proc shows it: another one at the same place is not ours
};

}  // namespace stoker::lab
