#include "stoker/os/file.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <filesystem>

#include "stoker/base/text.hpp"
#include "stoker/os/fd.hpp"

namespace stoker::os {

namespace fs = std::filesystem;

Result<FileFacts> look_at(const std::string& path) {
  struct stat seen {};
  if (::stat(path.c_str(), &seen) != 0) return fail(Error::from_errno(errno, path));
  return FileFacts{static_cast<Bytes>(seen.st_size), {seen.st_dev, seen.st_ino}, seen.st_uid, S_ISREG(seen.st_mode), S_ISDIR(seen.st_mode)};
}

Result<std::string> read_text(const std::string& path, Bytes limit) {
  TRY_ASSIGN(Fd fd, open_file(path, O_RDONLY));
  std::string text;
  std::array<char, 16384> piece{};
  while (true) {
    const ssize_t got = ::read(fd.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Error::from_errno(errno, "read " + path));
    if (got == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(got));
    if (text.size() > limit) return fail(ErrorKind::invalid, fmt::format("{} is larger than {}", path, format_bytes(limit)));
  }
}

std::optional<std::string> read_fact(const std::string& path) {
  auto text = read_text(path);
  if (!text) return std::nullopt;
  return std::string(trim(*text));
}

Result<std::vector<std::string>> list_folder(const std::string& path) {
  std::error_code code;
  std::vector<std::string> names;
  for (fs::directory_iterator at(path, code), end; !code && at != end; at.increment(code)) names.push_back(at->path().filename().string());
  if (code) return fail(Error::from_errno(code.value(), "list " + path));
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::vector<std::string>> files_under(const std::string& path, std::size_t limit) {
  TRY_ASSIGN(FileFacts facts, look_at(path));
  if (!facts.directory) return std::vector<std::string>{path};
  std::error_code code;
  std::vector<std::string> files;
  for (fs::recursive_directory_iterator at(path, code), end; !code && at != end; at.increment(code)) {
    std::error_code gone;  // a file may vanish while we walk
    if (at->is_regular_file(gone)) files.push_back(at->path().string());
    if (files.size() > limit) return fail(ErrorKind::invalid, fmt::format("{} holds more than {} files", path, limit));
  }
  if (code) return fail(Error::from_errno(code.value(), "walk " + path));
  std::sort(files.begin(), files.end());
  return files;
}

Status make_folders(const std::string& path) {
  std::error_code code;
  fs::create_directories(path, code);
  if (code) return fail(Error::from_errno(code.value(), "make folder " + path));
  return {};
}

Status remove_tree(const std::string& path) {
  std::error_code code;
  fs::remove_all(path, code);  // libstdc++ walks by openat and O_NOFOLLOW since 11.3
  if (code) return fail(Error::from_errno(code.value(), "remove " + path));
  return {};
}

Result<std::string> make_private_folder(const std::string& parent, const std::string& prefix) {
  std::string name = parent + "/" + prefix + "XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) return fail(Error::from_errno(errno, "make a private folder in " + parent));
  return name;
}

Result<std::string> real_path(const std::string& path) {
  std::array<char, PATH_MAX> resolved{};
  if (::realpath(path.c_str(), resolved.data()) == nullptr) return fail(Error::from_errno(errno, path));
  return std::string(resolved.data());
}

std::string temporary_folder() {
  const char* named = std::getenv("TMPDIR");
  return named != nullptr && *named != '\0' ? named : "/tmp";
}

}  // namespace stoker::os
