#include "stoker/base/error.hpp"

#include <cerrno>
#include <fmt/core.h>
#include <system_error>

namespace stoker {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage: return "usage";
    case ErrorKind::not_found: return "not found";
    case ErrorKind::exists: return "exists";
    case ErrorKind::invalid: return "invalid";
    case ErrorKind::io: return "io";
    case ErrorKind::no_space: return "no space";
    case ErrorKind::denied: return "denied";
    case ErrorKind::corrupt: return "corrupt";
    case ErrorKind::unavailable: return "unavailable";
    case ErrorKind::timeout: return "timeout";
    case ErrorKind::busy: return "busy";
    case ErrorKind::ended: return "ended";
    case ErrorKind::cancelled: return "cancelled";
    case ErrorKind::unsupported: return "unsupported";
    case ErrorKind::internal: return "internal";
  }
  return "internal";
}

namespace {

ErrorKind kind_of(int os_errno) {
  switch (os_errno) {
    case ENOENT:
    case ENOTDIR:
    case ESRCH: return ErrorKind::not_found;
    case EEXIST: return ErrorKind::exists;
    case ENOSPC:
    case EDQUOT:
    case ENOMEM: return ErrorKind::no_space;
    case EACCES:
    case EPERM:
    case EROFS: return ErrorKind::denied;
    case EADDRINUSE:
    case EBUSY:
    case ETXTBSY: return ErrorKind::busy;
    case ETIMEDOUT: return ErrorKind::timeout;
    case ECONNREFUSED:
    case ECONNRESET:
    case ENETUNREACH:
    case EHOSTUNREACH: return ErrorKind::unavailable;
    case ENOSYS:
    case EOPNOTSUPP: return ErrorKind::unsupported;
    default: return ErrorKind::io;
  }
}

}  // namespace

Error Error::from_errno(int os_errno, std::string what) {
  return {kind_of(os_errno), fmt::format("{}: {}", what, std::generic_category().message(os_errno)), os_errno};
}

Error Error::context(std::string_view where) && {
  return {m_kind, fmt::format("{}: {}", where, m_message), m_errno};
}

}  // namespace stoker
