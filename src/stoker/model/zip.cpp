#include "stoker/model/zip.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "stoker/base/text.hpp"

namespace stoker::model {
namespace {

constexpr std::uint32_t k_local = 0x04034b50, k_entry = 0x02014b50, k_end = 0x06054b50, k_end64 = 0x06064b50, k_locator64 = 0x07064b50;
constexpr Bytes k_end_bytes = 22, k_locator_bytes = 20, k_end64_bytes = 56, k_entry_bytes = 46, k_local_bytes = 30;
constexpr Bytes k_longest_comment = 65535;
constexpr std::uint64_t k_most_members = 2'000'000;
constexpr std::uint32_t k_in_zip64 = 0xffffffff;

struct Directory {
  std::uint64_t members = 0;
  Bytes bytes = 0;
  Bytes offset = 0;
};

tl::unexpected<Error> broken(const Source& source, const std::string& why) {
  return fail(ErrorKind::invalid, fmt::format("{}: {}", source.path, why));
}

// The last place where an end record with a comment of matching length stands.
Result<Bytes> find_end(const Source& source) {
  if (source.bytes < k_end_bytes) return broken(source, "too short for a zip file");
  const Bytes span = std::min(source.bytes, k_end_bytes + k_longest_comment);
  std::vector<std::byte> tail(static_cast<std::size_t>(span));
  TRY(source.read(tail, source.bytes - span));
  const auto u8 = [&](Bytes at) { return std::to_integer<std::uint32_t>(tail[static_cast<std::size_t>(at)]); };
  for (Bytes at = span - k_end_bytes + 1; at-- > 0;) {
    const std::uint32_t magic = u8(at) | u8(at + 1) << 8 | u8(at + 2) << 16 | u8(at + 3) << 24;
    if (magic == k_end && at + k_end_bytes + (u8(at + 20) | u8(at + 21) << 8) <= span) return source.bytes - span + at;
  }
  return broken(source, "a zip file without its central directory: cut short?");
}

Result<Directory> find_directory64(const Source& source, Bytes end) {
  if (end < k_locator_bytes) return broken(source, "a zip64 file without its locator");
  Cursor locator(source, end - k_locator_bytes, end);
  if (locator.u32() != k_locator64) return broken(source, "a zip64 file without its locator");
  locator.skip(4);
  const Bytes at = locator.u64();
  TRY(locator.status());
  if (at > end || end - at < k_end64_bytes) return broken(source, "the zip64 directory lies outside the file");
  Cursor cursor(source, at, end);
  if (cursor.u32() != k_end64) return broken(source, "no zip64 directory where the locator points");
  cursor.skip(28);
  Directory directory;
  directory.members = cursor.u64();
  directory.bytes = cursor.u64();
  directory.offset = cursor.u64();
  TRY(cursor.status());
  return directory;
}

Result<Directory> find_directory(const Source& source) {
  TRY_ASSIGN(const Bytes end, find_end(source));
  Cursor cursor(source, end, source.bytes);
  cursor.skip(10);
  Directory directory;
  directory.members = cursor.u16();
  directory.bytes = cursor.u32();
  directory.offset = cursor.u32();
  TRY(cursor.status());
  if (directory.members == 0xffff || directory.bytes == k_in_zip64 || directory.offset == k_in_zip64) {
    TRY_ASSIGN(directory, find_directory64(source, end));
  }
  if (directory.offset > end || directory.bytes > end - directory.offset) return broken(source, "the zip directory lies outside the file");
  if (directory.members > k_most_members || directory.members > directory.bytes / k_entry_bytes)
    return broken(source, fmt::format("a zip directory of {} members in {} bytes", directory.members, directory.bytes));
  return directory;
}

// The zip64 field holds those of the three that did not fit, in this order.
void read_extra(Cursor& cursor, Bytes length, ZipMember& member) {
  const Bytes left_after = cursor.left() >= length ? cursor.left() - length : 0;
  while (cursor.ok() && cursor.left() >= left_after + 4) {
    const std::uint16_t kind = cursor.u16();
    const Bytes bytes = cursor.u16();
    if (bytes > cursor.left() - left_after) return cursor.refuse("a zip member's extra field leaves its place");
    Bytes rest = bytes;
    for (Bytes* field : {&member.bytes, &member.packed_bytes, &member.header_offset}) {
      if (kind != 1 || *field != k_in_zip64 || rest < 8) continue;
      *field = cursor.u64();
      rest -= 8;
    }
    cursor.skip(rest);
  }
  if (cursor.ok() && cursor.left() > left_after) cursor.skip(cursor.left() - left_after);
}

ZipMember read_entry(Cursor& cursor) {
  ZipMember member;
  if (cursor.u32() != k_entry) cursor.refuse(fmt::format("no zip directory entry at byte {}", cursor.position()));
  cursor.skip(4);
  const std::uint16_t flags = cursor.u16();
  member.stored = cursor.u16() == 0 && (flags & 1) == 0;
  cursor.skip(8);
  member.packed_bytes = cursor.u32();
  member.bytes = cursor.u32();
  const Bytes name = cursor.u16();
  const Bytes extra = cursor.u16();
  const Bytes comment = cursor.u16();
  cursor.skip(8);
  member.header_offset = cursor.u32();
  member.name = cursor.text(name, name);
  if (cursor.ok() && extra > cursor.left()) cursor.refuse("a zip member's extra field leaves the directory");
  read_extra(cursor, extra, member);
  cursor.skip(comment);
  return member;
}

}  // namespace

bool looks_like_zip(const Source& source) {
  Cursor cursor(source, 0, 4);
  const std::uint32_t magic = cursor.u32();
  return cursor.ok() && (magic == k_local || magic == k_end);
}

Result<std::vector<ZipMember>> read_zip(const Source& source) {
  TRY_ASSIGN(const Directory directory, find_directory(source));
  Cursor cursor(source, directory.offset, directory.offset + directory.bytes);
  std::vector<ZipMember> members;
  for (std::uint64_t i = 0; i < directory.members; ++i) {
    members.push_back(read_entry(cursor));
    TRY(cursor.status());
    const ZipMember& member = members.back();
    if (member.packed_bytes > source.bytes || member.header_offset > source.bytes || (member.stored && member.bytes != member.packed_bytes))
      return broken(source, fmt::format("zip member {} does not fit into the file", printable(member.name, 120)));
  }
  return members;
}

Result<Bytes> data_offset(const Source& source, const ZipMember& member) {
  Cursor cursor(source, member.header_offset, source.bytes);
  if (cursor.u32() != k_local) return broken(source, fmt::format("zip member {} has no header at byte {}", printable(member.name, 120), member.header_offset));
  cursor.skip(22);
  const Bytes name = cursor.u16();
  const Bytes extra = cursor.u16();
  TRY(cursor.status());
  const Bytes begin = member.header_offset + k_local_bytes + name + extra;
  if (begin > source.bytes || member.packed_bytes > source.bytes - begin)
    return broken(source, fmt::format("the file ends at byte {}, zip member {} needs {}", source.bytes, printable(member.name, 120), begin + member.packed_bytes));
  return begin;
}

}  // namespace stoker::model
