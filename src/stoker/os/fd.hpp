// An open file descriptor and its owner.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "stoker/base/result.hpp"
#include "stoker/base/units.hpp"

namespace stoker::os {

// Closes on destruction; a failed close() of written data is reported only by close().
class Fd {
public:
  Fd() = default;
  explicit Fd(int fd) : m_fd(fd) {}
  Fd(Fd&& other) noexcept : m_fd(std::exchange(other.m_fd, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd();

  [[nodiscard]] int get() const { return m_fd; }
  [[nodiscard]] bool valid() const { return m_fd >= 0; }
  Status close();

private:
  int m_fd = -1;
};

// open(2) with O_CLOEXEC added. Error text names the path.
Result<Fd> open_file(const std::string& path, int flags, mode_t mode = 0644);

// Reads exactly data.size() bytes at offset; a short file is `invalid`, naming what was wanted.
Status read_exactly(const Fd& fd, std::span<std::byte> data, Bytes offset, const std::string& path);
Status write_fully(const Fd& fd, std::span<const std::byte> data, Bytes offset, const std::string& path);

}  // namespace stoker::os
