#include "stoker/lab/slowpath_mount.hpp"

#define FUSE_USE_VERSION 312
#include <fcntl.h>
#include <fmt/core.h>
#include <fuse3/fuse_lowlevel.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "stoker/base/log.hpp"
#include "stoker/base/text.hpp"
#include "stoker/os/spawn.hpp"

namespace stoker::lab {
namespace {

constexpr Seconds k_fusermount_time{30};  // it waits for nothing but the kernel

bool inside(const std::string& path, const std::string& folder) {
  return path == folder || folder == "/" || path.starts_with(folder + "/");
}

// A mount whose server is gone answers everything, stat too, with ENOTCONN.
Error stale(const std::string& point) {
  return {ErrorKind::busy, fmt::format("{} is a FUSE mount whose program has died; mend it with: fusermount3 -u -z {}", printable(point), shell_quote(point)),
          ENOTCONN};
}

// libfuse says what went wrong only to its log; mounting logs from the calling thread.
thread_local std::string t_last_log;

void keep_log(fuse_log_level /*level*/, const char* format, va_list arguments) {
  std::array<char, 512> line{};
  std::vsnprintf(line.data(), line.size(), format, arguments);
  t_last_log = printable(trim(line.data()));
  log::debug("{}", t_last_log);
}

std::optional<os::Mount> mount_at(const std::string& point) {
  const auto text = os::read_text("/proc/self/mountinfo", 64 * k_mib);
  if (!text) return std::nullopt;
  std::optional<os::Mount> last;
  for (auto& mount : os::parse_mountinfo(*text))
    if (mount.point == point) last = std::move(mount);
  return last;
}

Result<bool> fusermount(std::vector<std::string> argv) {
  os::SpawnPlan plan;
  plan.argv = std::move(argv);
  TRY_ASSIGN(const auto finished, os::run_to_end(plan, k_fusermount_time));
  return finished.exit.code == 0 && finished.exit.signal == 0;
}

Result<Unmounted> unmount_by_fusermount(const std::string& point) {
  TRY_ASSIGN(const bool clean, fusermount({"fusermount3", "-u", "--", point}));
  if (clean) return Unmounted::cleanly;
  TRY_ASSIGN(const bool lazy, fusermount({"fusermount3", "-u", "-z", "--", point}));
  if (lazy) return Unmounted::while_busy;
  return fail(ErrorKind::io, "fusermount3 cannot unmount " + printable(point));
}

}  // namespace

Result<MountPlaces> check_places(const std::string& source, const std::string& point) {
  auto facts = os::look_at(point);
  if (!facts && facts.error().os_errno() == ENOTCONN) return fail(stale(point));
  if (!facts) return fail(std::move(facts).error().context("mount point"));
  TRY_ASSIGN(const auto source_facts, os::look_at(source));
  for (const auto& [path, folder] : {std::pair(source, source_facts.directory), std::pair(point, facts->directory)})
    if (!folder) return fail(ErrorKind::usage, printable(path) + " is not a folder");
  MountPlaces places;
  TRY_ASSIGN(places.source, os::real_path(source));
  TRY_ASSIGN(places.point, os::real_path(point));
  if (inside(places.source, places.point) || inside(places.point, places.source))
    return fail(ErrorKind::usage, fmt::format("{} and {} lie inside each other: the path would read itself", printable(source), printable(point)));
  TRY_ASSIGN(const auto names, os::list_folder(places.point));
  if (!names.empty()) return fail(ErrorKind::usage, fmt::format("mount point {} is not empty: it holds {}", printable(point), printable(names.front(), 80)));
  return places;
}

Status check_fuse(const os::Root& root) {
  const std::string device = root.path("/dev/fuse");
  const auto opened = os::open_file(device, O_RDWR);
  if (opened) {
    if (::geteuid() == 0 || os::find_program("fusermount3")) return {};
    return fail(ErrorKind::unsupported, "only root mounts without fusermount3: install the package fuse3");
  }
  const int error = opened.error().os_errno();
  if (error == ENOENT || error == ENODEV || error == ENXIO)
    return fail(ErrorKind::unsupported, fmt::format("there is no {}: load the kernel's module (modprobe fuse), or give the container the device (--device /dev/fuse)", device));
  return fail(ErrorKind::unsupported, fmt::format("{}: this user or container may not use FUSE", opened.error().message()));
}

std::string_view to_string(Unmounted how) {
  switch (how) {
    case Unmounted::cleanly: return "cleanly";
    case Unmounted::while_busy: return "while busy";
    case Unmounted::by_others: return "by others";
  }
  return "by others";
}

Result<std::unique_ptr<FuseMount>> FuseMount::make(View& view, const std::string& point) {
  fuse_set_log_func(keep_log);
  os::Fd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return fail(Error::from_errno(errno, "eventfd"));
  // The kernel checks permissions by what the source says, and refuses writes itself.
  std::string program = "stoker", options = fmt::format("-oro,default_permissions,fsname=slowpath,subtype=stoker,max_read={}", k_largest_read);
  std::array<char*, 3> argv{program.data(), options.data(), nullptr};
  fuse_args arguments = FUSE_ARGS_INIT(2, argv.data());
  fuse_session* session = fuse_session_new(&arguments, &View::operations(), sizeof(fuse_lowlevel_ops), &view);
  fuse_opt_free_args(&arguments);
  if (session == nullptr) return fail(ErrorKind::internal, "libfuse: " + t_last_log);
  t_last_log.clear();
  if (fuse_session_mount(session, point.c_str()) != 0) {
    fuse_session_destroy(session);
    return fail(ErrorKind::unsupported, fmt::format("FUSE cannot mount at {}: {}", printable(point), t_last_log.empty() ? "fusermount3 refused; it needs setuid root, and a container CAP_SYS_ADMIN" : t_last_log));
  }
  std::unique_ptr<FuseMount> made(new FuseMount(point, session, std::move(wake)));
  if (::fcntl(fuse_session_fd(session), F_SETFL, O_NONBLOCK) != 0) return fail(Error::from_errno(errno, "fcntl"));
  const auto mounted = mount_at(point);
  if (!mounted) return fail(ErrorKind::unsupported, "/proc/self/mountinfo does not show the mount at " + printable(point));
  made->m_mount = *mounted;
  return made;
}

FuseMount::~FuseMount() {
  fuse_session_unmount(m_session);  // closes the device first; finds nothing to unmount after unmount()
  fuse_session_destroy(m_session);
}

bool FuseMount::is_mounted() const {
  const auto now = mount_at(m_point);
  return now && now->major == m_mount.major && now->minor == m_mount.minor;
}

void FuseMount::receive(const std::stop_token& stop) {
  const std::stop_callback wake(stop, [this] { ignore(::eventfd_write(m_wake.get(), 1), "a full counter wakes too"); });
  std::array<pollfd, 2> ready{{{fuse_session_fd(m_session), POLLIN, 0}, {m_wake.get(), POLLIN, 0}}};
  fuse_buf buffer{};
  while (!stop.stop_requested() && fuse_session_exited(m_session) == 0) {
    const int got = fuse_session_receive_buf(m_session, &buffer);
    if (got > 0)
      fuse_session_process_buf(m_session, &buffer);
    else if (got == -EAGAIN)
      ::poll(ready.data(), ready.size(), -1);
    else if (got != -EINTR)
      break;  // unmounted, or the connection was aborted
  }
  std::free(buffer.mem);
}

Result<Unmounted> FuseMount::unmount() {
  if (!is_mounted()) return Unmounted::by_others;
  if (::umount2(m_point.c_str(), UMOUNT_NOFOLLOW) == 0) return Unmounted::cleanly;
  int error = errno;
  if (error == EBUSY && ::umount2(m_point.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) return Unmounted::while_busy;
  if (error == EBUSY) error = errno;
  if (error == EPERM) return unmount_by_fusermount(m_point);
  return fail(Error::from_errno(error, "unmount " + m_point));
}

}  // namespace stoker::lab
