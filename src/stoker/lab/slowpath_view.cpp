#include "stoker/lab/slowpath_view.hpp"

#define FUSE_USE_VERSION 312
#include <dirent.h>
#include <fcntl.h>
#include <fuse3/fuse_lowlevel.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace stoker::lab {

struct View::OpenFile {
  os::Fd fd;
  Bytes size = 0;  // when it was opened: what lies behind it moves no bytes
};

struct View::OpenFolder {
  std::mutex mutex;
  DIR* stream = nullptr;
  off_t position = 0;

  OpenFolder() = default;
  OpenFolder(const OpenFolder&) = delete;
  OpenFolder& operator=(const OpenFolder&) = delete;
  ~OpenFolder() {
    if (stream != nullptr) ::closedir(stream);
  }
};

View::~View() = default;

namespace {

// The source does not change while it is looked at through a slow path, and a round trip that the kernel can
// save is not the path's.
constexpr double k_attributes_hold_s = 86400;

// Each cost a real one to find: with libfuse's own 12 background requests, 128 KiB at 5 ms end at 300 MB/s.
constexpr unsigned k_background = 1024;

View& view_of(fuse_req_t request) { return *static_cast<View*>(fuse_req_userdata(request)); }

int errno_of(const Error& error) { return error.os_errno() != 0 ? error.os_errno() : EIO; }

void init(void* /*view*/, fuse_conn_info* connection) {
  connection->max_background = k_background;
  connection->congestion_threshold = k_background;  // below it the kernel drops readahead
  connection->max_read = static_cast<unsigned>(k_largest_read);
  connection->max_write = static_cast<unsigned>(k_largest_read);  // libfuse takes the pages of a request from it
  connection->want |= connection->capable & (FUSE_CAP_ASYNC_READ | FUSE_CAP_ASYNC_DIO | FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_CACHE_SYMLINKS);
}

void look_up(fuse_req_t request, fuse_ino_t parent, const char* name) {
  view_of(request).at_due(request, 0, [request, parent, name = std::string(name)](std::span<std::byte> /*buffer*/) -> Status {
    auto& source = view_of(request).source();
    TRY_ASSIGN(const auto node, source.look_up(parent, name));
    fuse_entry_param entry{};
    entry.ino = node.id;
    entry.attr = node.facts;
    entry.attr_timeout = entry.entry_timeout = k_attributes_hold_s;
    if (fuse_reply_entry(request, &entry) != 0) source.forget(node.id, 1);  // the client is gone: the kernel does not know it
    return {};
  });
}

void forget(fuse_req_t request, fuse_ino_t node, std::uint64_t lookups) {
  view_of(request).source().forget(node, lookups);
  fuse_reply_none(request);
}

void forget_many(fuse_req_t request, std::size_t count, fuse_forget_data* nodes) {
  for (const auto& node : std::span(nodes, count)) view_of(request).source().forget(node.ino, node.nlookup);
  fuse_reply_none(request);
}

void get_attributes(fuse_req_t request, fuse_ino_t node, fuse_file_info* /*handle*/) {
  view_of(request).at_due(request, 0, [request, node](std::span<std::byte> /*buffer*/) -> Status {
    TRY_ASSIGN(const auto facts, view_of(request).source().facts(node));
    fuse_reply_attr(request, &facts, k_attributes_hold_s);
    return {};
  });
}

void read_link(fuse_req_t request, fuse_ino_t node) {
  view_of(request).at_due(request, 0, [request, node](std::span<std::byte> /*buffer*/) -> Status {
    TRY_ASSIGN(const auto target, view_of(request).source().link_target(node));
    fuse_reply_readlink(request, target.c_str());
    return {};
  });
}

// Gives a fresh handle to the client; takes it back when nobody is there to take it.
template <class Open>
void reply_opened(fuse_req_t request, fuse_file_info& info, std::shared_ptr<Open> opened) {
  info.fh = view_of(request).keep(std::move(opened));
  View& view = view_of(request);  // the request is gone after its reply
  if (fuse_reply_open(request, &info) != 0) view.release(info.fh);
}

// keep_cache: else the kernel drops a file's pages at each open, and nothing is ever warm.
void open_file(fuse_req_t request, fuse_ino_t node, fuse_file_info* handle) {
  view_of(request).at_due(request, 0, [request, node, info = *handle](std::span<std::byte> /*buffer*/) mutable -> Status {
    if ((info.flags & O_ACCMODE) != O_RDONLY) return fail(Error::from_errno(EROFS, "open"));
    auto opened = std::make_shared<View::OpenFile>();
    TRY_ASSIGN(opened->fd, view_of(request).source().open_file(node));
    struct stat facts {};
    if (::fstat(opened->fd.get(), &facts) != 0) return fail(Error::from_errno(errno, "stat"));
    opened->size = static_cast<Bytes>(facts.st_size);
    info.keep_cache = 1;
    info.noflush = 1;
    reply_opened(request, info, std::move(opened));
    return {};
  });
}

Result<Bytes> read_at(const os::Fd& fd, std::span<std::byte> into, off_t offset) {
  Bytes done = 0;
  while (done < into.size()) {
    const ssize_t got = ::pread(fd.get(), into.data() + done, into.size() - done, offset + static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Error::from_errno(errno, "read"));
    if (got == 0) break;
    done += static_cast<Bytes>(got);
  }
  return done;
}

void read_file(fuse_req_t request, fuse_ino_t /*node*/, std::size_t size, off_t offset, fuse_file_info* handle) {
  View& view = view_of(request);
  auto file = view.file(handle->fh);
  if (!file || offset < 0) {
    fuse_reply_err(request, EBADF);
    return;
  }
  const auto begin = static_cast<Bytes>(offset);
  const Bytes moved = begin < file->size ? std::min<Bytes>(size, file->size - begin) : 0;
  view.at_due(request, moved, [request, size, offset, file = std::move(file)](std::span<std::byte> buffer) -> Status {
    TRY_ASSIGN(const Bytes got, read_at(file->fd, buffer.first(std::min(size, buffer.size())), offset));
    view_of(request).count_read(got);
    fuse_reply_buf(request, reinterpret_cast<const char*>(buffer.data()), got);
    return {};
  });
}

void open_folder(fuse_req_t request, fuse_ino_t node, fuse_file_info* handle) {
  view_of(request).at_due(request, 0, [request, node, info = *handle](std::span<std::byte> /*buffer*/) mutable -> Status {
    TRY_ASSIGN(auto fd, view_of(request).source().open_folder(node));
    auto opened = std::make_shared<View::OpenFolder>();
    opened->stream = ::fdopendir(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
    if (opened->stream == nullptr) return fail(Error::from_errno(errno, "opendir"));
    info.keep_cache = 1;
    info.cache_readdir = 1;
    reply_opened(request, info, std::move(opened));
    return {};
  });
}

// As many names as fit; the rest is asked for from the last one's position.
Result<std::size_t> list(fuse_req_t request, View::OpenFolder& folder, std::span<std::byte> into, off_t offset) {
  const std::scoped_lock lock(folder.mutex);
  if (offset != folder.position) ::seekdir(folder.stream, offset);
  folder.position = offset;
  std::size_t used = 0;
  errno = 0;
  while (const dirent* entry = ::readdir(folder.stream)) {
    struct stat facts {};
    facts.st_ino = entry->d_ino;
    facts.st_mode = static_cast<mode_t>(entry->d_type) << 12;
    const auto rest = into.subspan(used);
    const std::size_t need = fuse_add_direntry(request, reinterpret_cast<char*>(rest.data()), rest.size(), entry->d_name, &facts, entry->d_off);
    if (need > rest.size()) {
      ::seekdir(folder.stream, folder.position);
      return used;
    }
    used += need;
    folder.position = entry->d_off;
  }
  if (errno != 0 && used == 0) return fail(Error::from_errno(errno, "readdir"));
  return used;
}

void read_folder(fuse_req_t request, fuse_ino_t /*node*/, std::size_t size, off_t offset, fuse_file_info* handle) {
  View& view = view_of(request);
  auto folder = view.folder(handle->fh);
  if (!folder) {
    fuse_reply_err(request, EBADF);
    return;
  }
  view.at_due(request, 0, [request, size, offset, folder = std::move(folder)](std::span<std::byte> buffer) -> Status {
    TRY_ASSIGN(const auto used, list(request, *folder, buffer.first(std::min(size, buffer.size())), offset));
    fuse_reply_buf(request, reinterpret_cast<const char*>(buffer.data()), used);
    return {};
  });
}

// Closing is not waited for on a network path either.
void release(fuse_req_t request, fuse_ino_t /*node*/, fuse_file_info* handle) {
  view_of(request).release(handle->fh);
  fuse_reply_err(request, 0);
}

void filesystem_facts(fuse_req_t request, fuse_ino_t /*node*/) {
  view_of(request).at_due(request, 0, [request](std::span<std::byte> /*buffer*/) -> Status {
    TRY_ASSIGN(const auto facts, view_of(request).source().filesystem());
    fuse_reply_statfs(request, &facts);
    return {};
  });
}

fuse_lowlevel_ops make_operations() {
  fuse_lowlevel_ops made{};
  made.init = init;
  made.lookup = look_up;
  made.forget = forget;
  made.forget_multi = forget_many;
  made.getattr = get_attributes;
  made.readlink = read_link;
  made.open = open_file;
  made.read = read_file;
  made.release = release;
  made.opendir = open_folder;
  made.readdir = read_folder;
  made.releasedir = release;
  made.statfs = filesystem_facts;
  return made;
}

}  // namespace

const fuse_lowlevel_ops& View::operations() {
  static const fuse_lowlevel_ops made = make_operations();
  return made;
}

void View::at_due(fuse_req* request, Bytes bytes, std::function<Status(std::span<std::byte>)> answer) {
  m_queue.book(bytes, {[request, answer = std::move(answer)](std::span<std::byte> buffer) {
                         if (const auto answered = answer(buffer); !answered) fuse_reply_err(request, errno_of(answered.error()));
                       },
                       [request] { fuse_reply_err(request, ENOTCONN); }});
}

std::uint64_t View::keep(std::shared_ptr<OpenFile> file) {
  const std::scoped_lock lock(m_mutex);
  m_files.emplace(m_next_handle, std::move(file));
  return m_next_handle++;
}

std::uint64_t View::keep(std::shared_ptr<OpenFolder> folder) {
  const std::scoped_lock lock(m_mutex);
  m_folders.emplace(m_next_handle, std::move(folder));
  return m_next_handle++;
}

std::shared_ptr<View::OpenFile> View::file(std::uint64_t handle) {
  const std::scoped_lock lock(m_mutex);
  const auto found = m_files.find(handle);
  return found == m_files.end() ? nullptr : found->second;
}

std::shared_ptr<View::OpenFolder> View::folder(std::uint64_t handle) {
  const std::scoped_lock lock(m_mutex);
  const auto found = m_folders.find(handle);
  return found == m_folders.end() ? nullptr : found->second;
}

void View::release(std::uint64_t handle) {
  const std::scoped_lock lock(m_mutex);
  m_files.erase(handle);
  m_folders.erase(handle);
}

void View::count_read(Bytes bytes) {
  ++m_reads;
  m_bytes += bytes;
}

}  // namespace stoker::lab
