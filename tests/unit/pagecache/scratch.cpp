#include "unit/pagecache/scratch.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>  // mlock by number: the sanitizers' own does nothing
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <random>
#include <span>
#include <stdexcept>
#include <vector>

#include "stoker/os/fd.hpp"
#include "stoker/os/file.hpp"

namespace stoker::pagecache::test {
namespace {

bool on_memory(const std::string& folder) {
  struct statfs filesystem {};
  return ::statfs(folder.c_str(), &filesystem) != 0 || filesystem.f_type == TMPFS_MAGIC;
}

os::Fd open_or_throw(const std::string& path, int flags) {
  auto fd = os::open_file(path, flags);
  if (!fd) throw std::runtime_error(fd.error().message());
  return std::move(*fd);
}

Bytes size_of(const std::string& path) { return os::look_at(path).value().bytes; }

// In the child: maps, touches, says so, waits for the end.
[[noreturn]] void hold(const std::string& path, bool lock, int say) {
  const auto fd = os::open_file(path, O_RDONLY);
  const Bytes bytes = size_of(path);
  void* map = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, fd ? fd->get() : -1, 0);
  char fine = static_cast<char>(map != MAP_FAILED && (!lock || ::syscall(SYS_mlock, map, bytes) == 0) ? 'y' : 'n');
  if (fine == 'y')
    for (Bytes at = 0; at < bytes; at += page()) fine = static_cast<const volatile char*>(map)[at] == 0 ? 'y' : fine;
  if (::write(say, &fine, 1) != 1) ::_exit(1);
  while (true) ::pause();
}

}  // namespace

Scratch::Scratch() {
  std::string parent = os::temporary_folder();
  if (on_memory(parent)) parent = "/var/tmp";
  m_folder = os::make_private_folder(parent, "pagecache-").value();
  ::chmod(m_folder.c_str(), 0755);  // other users come along
}

Scratch::~Scratch() { ignore(os::remove_tree(m_folder), "scratch"); }

std::string Scratch::cold(const std::string& name, Bytes bytes) const {
  write_random(path(name), bytes);
  drop(path(name));
  return path(name);
}

std::string Scratch::sparse(const std::string& name, Bytes bytes) const {
  const os::Fd fd = open_or_throw(path(name), O_WRONLY | O_CREAT);
  if (::ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0) throw std::runtime_error("ftruncate " + path(name));
  return path(name);
}

void must(const Status& done) {
  if (!done) throw std::runtime_error(done.error().message());
}

Bytes page() { return static_cast<Bytes>(::sysconf(_SC_PAGESIZE)); }
bool has_root() { return ::geteuid() == 0; }

void write_random(const std::string& path, Bytes bytes) {
  std::mt19937_64 random(bytes);  // the same size gives the same bytes
  std::vector<std::uint64_t> words(bytes / 8 + 1);
  std::ranges::generate(words, random);
  const os::Fd fd = open_or_throw(path, O_WRONLY | O_CREAT | O_TRUNC);
  must(os::write_fully(fd, std::as_bytes(std::span(words)).first(bytes), 0, path));
}

void drop(const std::string& path) {
  const os::Fd fd = open_or_throw(path, O_RDONLY);
  EXPECT_EQ(::fsync(fd.get()), 0);
  EXPECT_EQ(::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED), 0);
}

void read_part(const std::string& path, Bytes begin, Bytes end) {
  const os::Fd fd = open_or_throw(path, O_RDONLY);
  EXPECT_EQ(::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_RANDOM), 0);
  std::vector<std::byte> bytes(end - begin);
  must(os::read_exactly(fd, bytes, begin, path));
}

Bytes resident_by_mincore(const std::string& path) {
  const Bytes bytes = size_of(path);
  if (bytes == 0) return 0;
  const os::Fd fd = open_or_throw(path, O_RDONLY);
  void* map = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (map == MAP_FAILED) throw std::runtime_error("map " + path);
  std::vector<unsigned char> flags((bytes + page() - 1) / page());
  EXPECT_EQ(::mincore(map, bytes, flags.data()), 0);
  ::munmap(map, bytes);
  return static_cast<Bytes>(std::ranges::count_if(flags, [](unsigned char flag) { return (flag & 1) != 0; })) * page();
}

int as_user(uid_t user, const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(::setresgid(user, user, user) == 0 && ::setresuid(user, user, user) == 0 ? body() : 99);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

Mapper::Mapper(const std::string& path, bool lock) {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const os::Fd read_end(ends[0]);
  os::Fd write_end(ends[1]);
  m_pid = ::fork();
  if (m_pid == 0) hold(path, lock, write_end.get());
  write_end = os::Fd();
  char answer = 'n';
  m_ready = ::read(read_end.get(), &answer, 1) == 1 && answer == 'y';
}

Mapper::~Mapper() {
  ::kill(m_pid, SIGKILL);
  ::waitpid(m_pid, nullptr, 0);
}

}  // namespace stoker::pagecache::test
