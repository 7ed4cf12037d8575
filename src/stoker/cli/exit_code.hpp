// Errors → exit codes. The table is a contract; docs/cli.md and --help print it.
#pragma once

#include "stoker/base/error.hpp"

namespace stoker::cli {

enum ExitCode : int {
  k_ok = 0,
  k_failed = 1,
  k_usage = 2,
  k_partly = 3,
  k_verification = 4,
  k_not_found = 5,
  k_busy = 6,
  k_no_space = 7,
  k_unavailable = 8,
  k_engine_ended = 9,
  k_engine_not_ready = 10,
  k_interrupted = 130,
};

int exit_code(ErrorKind kind);

inline constexpr const char* k_exit_code_table =
    "Exit codes:\n"
    "  0 ok   1 failed   2 usage   3 partly done   4 verification failed   5 not found   6 busy   7 no space\n"
    "  8 remote unavailable or timed out   9 engine ended before it was ready   10 engine not ready in time\n"
    "  130 interrupted";

}  // namespace stoker::cli
