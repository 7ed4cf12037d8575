// The experiment: starts of an engine from proved states of the page cache, interleaved, recorded as they end.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/engine/profile.hpp"
#include "stoker/model/reference.hpp"
#include "stoker/record/start.hpp"

namespace stoker::bench {

struct StartPlan {
  model::Located model;
  engine::Kind kind = engine::Kind::command;
  std::vector<std::string> argv;  // filled in
  std::uint16_t port = 0;
  std::optional<std::uint64_t> max_model_len;
  std::vector<record::Mode> modes{record::Mode::cold, record::Mode::warm};
  int runs = 3;
  Seconds ready_timeout{600};
  Seconds cooldown{5};
  record::ColdScope cold_scope = record::ColdScope::weights;
  bool shared_node = false;
  bool echo = false;  // the engine's lines on our stderr
};

// Called with the whole bench after each start, so that a crash later loses nothing.
using OnStart = std::function<Status(const record::StartBench&, const record::Start&)>;

// What one invocation came to: the bench (always, however far it got) and why it ended early.
struct StartOutcome {
  record::StartBench bench;
  std::optional<Error> error;
};

// Checks first (weights readable, port free, node not busy) and touches nothing when one fails.
// Errors in the outcome: busy, invalid and not_found before the first start; ended, timeout, cancelled during one.
StartOutcome bench_start(const StartPlan& plan, const OnStart& on_start, const std::stop_token& stop);

}  // namespace stoker::bench
