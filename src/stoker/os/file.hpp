// Files and folders: looking at them, reading small ones whole.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/base/units.hpp"

namespace stoker::os {

struct FileId {
  dev_t device = 0;
  ino_t inode = 0;
  auto operator<=>(const FileId&) const = default;
};

struct FileFacts {
  Bytes bytes = 0;
  FileId id;
  uid_t owner = 0;
  bool regular = false;
  bool directory = false;
};

// Follows symbolic links. Errors: not_found, denied, io.
Result<FileFacts> look_at(const std::string& path);

// The whole of a small file; /proc and /sys files too, whose size reads 0.
// Errors: not_found, denied, io; invalid when it holds more than `limit`.
Result<std::string> read_text(const std::string& path, Bytes limit = k_mib);
// Absent or unreadable is normal: for kernel facts that not every machine has. Trimmed.
std::optional<std::string> read_fact(const std::string& path);

// Names in a folder, sorted, without "." and "..".
Result<std::vector<std::string>> list_folder(const std::string& path);

// Regular files under path (or path itself), sorted. Links to files count, links to folders are not entered.
// Errors: those of look_at; invalid past `limit` files.
Result<std::vector<std::string>> files_under(const std::string& path, std::size_t limit = 1'000'000);

Status make_folders(const std::string& path);
// Removes what lies under path and path itself, never through a link. Absent is success.
Status remove_tree(const std::string& path);
// A fresh private folder "<parent>/<prefix>XXXXXX", mode 0700.
Result<std::string> make_private_folder(const std::string& parent, const std::string& prefix);
// Links followed, "." and ".." removed. Errors: not_found.
Result<std::string> real_path(const std::string& path);
std::string temporary_folder();  // $TMPDIR or /tmp

}  // namespace stoker::os
