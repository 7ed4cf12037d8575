#include "stoker/cli/exit_code.hpp"

namespace stoker::cli {

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
    case ErrorKind::exists: return k_usage;
    case ErrorKind::invalid:
    case ErrorKind::corrupt: return k_verification;
    case ErrorKind::not_found: return k_not_found;
    case ErrorKind::busy: return k_busy;
    case ErrorKind::no_space: return k_no_space;
    case ErrorKind::unavailable:
    case ErrorKind::timeout: return k_unavailable;
    case ErrorKind::ended: return k_engine_ended;
    case ErrorKind::cancelled: return k_interrupted;
    case ErrorKind::io:
    case ErrorKind::denied:
    case ErrorKind::unsupported:
    case ErrorKind::internal: return k_failed;
  }
  return k_failed;
}

}  // namespace stoker::cli
