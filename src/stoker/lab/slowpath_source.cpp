#include "stoker/lab/slowpath_source.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>

#include "stoker/base/text.hpp"

namespace stoker::lab {
namespace {

// EAGAIN means that something was renamed while the kernel walked; who renames for ever gets the error.
constexpr int k_walks = 16;

// Mounts below the folder are not crossed, as with a network export: one of them could be our own mount.
Result<os::Fd> open_beneath(const os::Fd& root, const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  int error = 0;
  for (int walk = 0; walk < k_walks; ++walk) {
    const long fd = ::syscall(SYS_openat2, root.get(), path.c_str(), &how, sizeof(how));
    if (fd >= 0) return os::Fd(static_cast<int>(fd));
    error = errno;
    if (error != EAGAIN && error != EINTR) break;
  }
  return fail(Error::from_errno(error, "open " + printable(path)));
}

Result<struct stat> facts_of(const os::Fd& fd) {
  struct stat facts {};
  if (::fstat(fd.get(), &facts) != 0) return fail(Error::from_errno(errno, "stat"));
  return facts;
}

os::FileId id_of(const struct stat& facts) { return {facts.st_dev, facts.st_ino}; }

}  // namespace

Result<std::unique_ptr<SourceTree>> SourceTree::open(const std::string& folder) {
  TRY_ASSIGN(auto root, os::open_file(folder, O_PATH | O_DIRECTORY));
  TRY_ASSIGN(const auto facts, facts_of(root));
  auto tried = open_beneath(root, ".", O_RDONLY | O_DIRECTORY);
  if (!tried && tried.error().os_errno() == ENOSYS)
    return fail(ErrorKind::unsupported, "openat2 is missing here: Linux 5.6 has it, or a system call filter forbids it", ENOSYS);
  if (!tried) return fail(std::move(tried).error().context(folder));
  return std::unique_ptr<SourceTree>(new SourceTree(std::move(root), id_of(facts)));
}

Result<SourceTree::Known> SourceTree::known(NodeId id) const {
  const std::scoped_lock lock(m_mutex);
  const auto found = m_known.find(id);
  if (found == m_known.end()) return fail(Error::from_errno(ESTALE, "node"));
  return found->second;
}

Result<os::Fd> SourceTree::open_node(NodeId id, int flags) const {
  TRY_ASSIGN(const auto node, known(id));
  TRY_ASSIGN(auto fd, open_beneath(m_root, node.path, flags));
  TRY_ASSIGN(const auto facts, facts_of(fd));
  if (id_of(facts) != node.file) return fail(Error::from_errno(ESTALE, printable(node.path)));
  return fd;
}

Result<SourceTree::Node> SourceTree::look_up(NodeId parent, const std::string& name) {
  TRY_ASSIGN(const auto folder, known(parent));
  const std::string path = parent == k_root_node ? name : folder.path + "/" + name;
  TRY_ASSIGN(const auto fd, open_beneath(m_root, path, O_PATH | O_NOFOLLOW));
  TRY_ASSIGN(const auto facts, facts_of(fd));
  const std::scoped_lock lock(m_mutex);
  const auto [at, fresh] = m_ids.try_emplace(id_of(facts), m_next);
  if (fresh) ++m_next;
  auto& node = m_known[at->second];
  node.path = path;  // of a file with several names the one asked for last
  node.file = id_of(facts);
  ++node.lookups;
  return Node{at->second, facts};
}

void SourceTree::forget(NodeId id, std::uint64_t lookups) {
  const std::scoped_lock lock(m_mutex);
  const auto found = m_known.find(id);
  if (id == k_root_node || found == m_known.end()) return;
  if (found->second.lookups > lookups) {
    found->second.lookups -= lookups;
    return;
  }
  m_ids.erase(found->second.file);
  m_known.erase(found);
}

Result<struct stat> SourceTree::facts(NodeId id) const {
  TRY_ASSIGN(const auto fd, open_node(id, O_PATH | O_NOFOLLOW));
  return facts_of(fd);
}

Result<std::string> SourceTree::link_target(NodeId id) const {
  TRY_ASSIGN(const auto fd, open_node(id, O_PATH | O_NOFOLLOW));
  std::array<char, PATH_MAX> target{};
  const ssize_t length = ::readlinkat(fd.get(), "", target.data(), target.size());
  if (length < 0) return fail(Error::from_errno(errno, "readlink"));
  return std::string(target.data(), static_cast<std::size_t>(length));
}

// O_NONBLOCK: a FIFO that took the file's place meanwhile must not hold the thread.
Result<os::Fd> SourceTree::open_file(NodeId id) const {
  TRY_ASSIGN(auto fd, open_node(id, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  TRY_ASSIGN(const auto facts, facts_of(fd));
  if (!S_ISREG(facts.st_mode)) return fail(Error::from_errno(EACCES, "not a regular file"));
  return fd;
}

Result<os::Fd> SourceTree::open_folder(NodeId id) const { return open_node(id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW); }

Result<struct statvfs> SourceTree::filesystem() const {
  struct statvfs facts {};
  if (::fstatvfs(m_root.get(), &facts) != 0) return fail(Error::from_errno(errno, "statvfs"));
  return facts;
}

std::size_t SourceTree::nodes() const {
  const std::scoped_lock lock(m_mutex);
  return m_known.size() - 1;
}

}  // namespace stoker::lab
