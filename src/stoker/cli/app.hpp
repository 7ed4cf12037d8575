// The command table and the one place where answers and errors are printed.
#pragma once

namespace stoker::cli {

// Returns the exit code.
int run(int argc, char** argv);

}  // namespace stoker::cli
