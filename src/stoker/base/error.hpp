// What went wrong, as a value: a closed list of kinds, one line of text, errno kept, context in front.
#pragma once

#include <string>
#include <string_view>

namespace stoker {

enum class ErrorKind {
  usage,        // the request itself makes no sense
  not_found,    // no such file, model, process
  exists,       // already there and may not be replaced
  invalid,      // foreign input that breaks its format's rules
  io,           // the kernel refused a read or a write
  no_space,     // bytes, inodes or memory are short
  denied,       // permission
  corrupt,      // bytes differ from what they claim to be
  unavailable,  // a remote or a device does not answer
  timeout,      // it took longer than allowed
  busy,         // somebody else holds it
  ended,        // a process ended before it should
  cancelled,    // the user interrupted
  unsupported,  // this kernel, filesystem or machine cannot
  internal,     // our own mistake
};

std::string_view to_string(ErrorKind kind);

// Immutable but for context(). Copyable; safe to pass between threads.
class Error {
public:
  Error(ErrorKind kind, std::string message, int os_errno = 0)
      : m_kind(kind), m_message(std::move(message)), m_errno(os_errno) {}

  // From errno as saved right after the failing call; the text gets strerror's words, the kind
  // follows errno (ENOENT not_found, ENOSPC no_space, EACCES denied, …).
  static Error from_errno(int os_errno, std::string what);

  [[nodiscard]] ErrorKind kind() const { return m_kind; }
  [[nodiscard]] int os_errno() const { return m_errno; }
  // One line, "context: message", without a final period.
  [[nodiscard]] const std::string& message() const { return m_message; }

  Error context(std::string_view where) &&;

private:
  ErrorKind m_kind;
  std::string m_message;
  int m_errno;
};

}  // namespace stoker
