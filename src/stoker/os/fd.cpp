#include "stoker/os/fd.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>

namespace stoker::os {

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    if (m_fd >= 0) ::close(m_fd);
    m_fd = std::exchange(other.m_fd, -1);
  }
  return *this;
}

Fd::~Fd() {
  if (m_fd >= 0) ::close(m_fd);
}

Status Fd::close() {
  const int fd = std::exchange(m_fd, -1);
  if (fd >= 0 && ::close(fd) != 0 && errno != EINTR) return fail(Error::from_errno(errno, "close"));
  return {};
}

Result<Fd> open_file(const std::string& path, int flags, mode_t mode) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  if (fd < 0) return fail(Error::from_errno(errno, "open " + path));
  return Fd(fd);
}

Status read_exactly(const Fd& fd, std::span<std::byte> data, Bytes offset, const std::string& path) {
  std::size_t done = 0;
  while (done < data.size()) {
    const ssize_t got = ::pread(fd.get(), data.data() + done, data.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Error::from_errno(errno, fmt::format("read {} at byte {}", path, offset + done)));
    if (got == 0)
      return fail(ErrorKind::invalid, fmt::format("{} ends at byte {}, {} more were expected", path, offset + done, data.size() - done));
    done += static_cast<std::size_t>(got);
  }
  return {};
}

Status write_fully(const Fd& fd, std::span<const std::byte> data, Bytes offset, const std::string& path) {
  std::size_t done = 0;
  while (done < data.size()) {
    const ssize_t put = ::pwrite(fd.get(), data.data() + done, data.size() - done, static_cast<off_t>(offset + done));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail(Error::from_errno(errno, fmt::format("write {} at byte {}", path, offset + done)));
    done += static_cast<std::size_t>(put);
  }
  return {};
}

}  // namespace stoker::os
