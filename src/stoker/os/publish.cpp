#include "stoker/os/publish.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <span>

#include "stoker/base/text.hpp"
#include "stoker/os/fd.hpp"
#include "stoker/os/file.hpp"

namespace stoker::os {
namespace {

std::string folder_of(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

Status sync_fd(const Fd& fd, const std::string& path) {
  if (::fsync(fd.get()) != 0) return fail(Error::from_errno(errno, "sync " + path));
  return {};
}

Status write_and_sync(Fd& fd, const std::string& path, std::string_view text) {
  TRY(write_fully(fd, std::as_bytes(std::span(text)), 0, path));
  if (::fchmod(fd.get(), 0644) != 0) return fail(Error::from_errno(errno, "chmod " + path));
  TRY(sync_fd(fd, path));
  return fd.close();
}

Status sync_folder(const std::string& folder) {
  TRY_ASSIGN(Fd fd, open_file(folder, O_RDONLY | O_DIRECTORY));
  return sync_fd(fd, folder);
}

// What has to stand between the file's bytes and ours: the header, or the end of a torn line, or nothing.
Result<std::string> opening(const Fd& fd, const std::string& path, Bytes bytes, std::string_view header) {
  const std::string wanted = fmt::format("{}\n", header);
  if (bytes == 0) return wanted;
  std::string first(std::min<std::size_t>(wanted.size(), bytes), '\0');
  TRY(read_exactly(fd, std::as_writable_bytes(std::span(first)), 0, path));
  if (bytes < header.size() && header.starts_with(first)) return wanted.substr(first.size());  // a crash tore the header itself
  if (trim(first) != header)
    return fail(ErrorKind::invalid, fmt::format("{} begins with another header ('{}'): move it away or choose another --out", path, printable(first, 80)));
  char last = '\0';
  TRY(read_exactly(fd, std::as_writable_bytes(std::span(&last, 1)), bytes - 1, path));
  return std::string(last == '\n' ? "" : "\n");
}

Status append_text(const Fd& fd, const std::string& path, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(fd.get(), text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail(Error::from_errno(errno, "append to " + path));
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

}  // namespace

Status publish_text(const std::string& path, std::string_view text) {
  const std::string folder = folder_of(path);
  std::string temporary = path + ".XXXXXX";
  Fd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd.valid()) return fail(Error::from_errno(errno, "write in " + folder));
  Status done = write_and_sync(fd, temporary, text);
  if (done && ::rename(temporary.c_str(), path.c_str()) != 0) done = fail(Error::from_errno(errno, "rename to " + path));
  if (!done) {
    ::unlink(temporary.c_str());
    return done;
  }
  return sync_folder(folder);
}

Status append_lines(const std::string& path, const Append& what) {
  TRY_ASSIGN(Fd fd, open_file(path, O_RDWR | O_CREAT | O_APPEND));
  while (::flock(fd.get(), LOCK_EX) != 0)
    if (errno != EINTR) return fail(Error::from_errno(errno, "lock " + path));
  struct stat seen {};
  if (::fstat(fd.get(), &seen) != 0) return fail(Error::from_errno(errno, path));
  TRY_ASSIGN(const std::string before, opening(fd, path, static_cast<Bytes>(seen.st_size), what.header));
  Status done = append_text(fd, path, before + std::string(what.lines));
  if (!done) {  // a full disk took half a line: give it back
    ignore(::ftruncate(fd.get(), seen.st_size), "a torn line is ended by the next writer");
    return done;
  }
  TRY(sync_fd(fd, path));
  if (seen.st_size == 0) TRY(sync_folder(folder_of(path)));
  return fd.close();
}

}  // namespace stoker::os
