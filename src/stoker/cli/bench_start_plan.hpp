// From the words of `bench start` to a plan: which engine, which command, which port, which modes.
#pragma once

#include <string>

#include "stoker/base/result.hpp"
#include "stoker/bench/start.hpp"
#include "stoker/cli/command.hpp"

namespace stoker::cli {

struct BenchStartOptions {
  std::string model, engine, modes = "cold,warm", ready_timeout = "600s", cooldown = "5s", cold_scope = "weights", out = ".";
  std::uint64_t max_model_len = 0;  // 0: MAX_MODEL_LEN, else what the command says
  int runs = 3;
  std::uint16_t port = 0;           // 0: the command's, else a free one
  bool shared_node = false, dry_run = false;
};

// Errors: usage, not_found; those of locate_model and compose.
Result<bench::StartPlan> plan_of(const BenchStartOptions& options, const Globals& globals);

}  // namespace stoker::cli
