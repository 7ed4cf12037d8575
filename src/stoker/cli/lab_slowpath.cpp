// stoker lab slowpath SRC MNT: a folder seen through a path with a latency and a bandwidth.
#include "stoker/lab/slowpath.hpp"

#include <fmt/core.h>

#include <cstdio>
#include <memory>

#include "stoker/base/log.hpp"
#include "stoker/base/text.hpp"
#include "stoker/base/units.hpp"
#include "stoker/cli/command.hpp"

namespace stoker::cli {
namespace {

struct Options {
  std::string source, point, bandwidth = "0", latency = "0";
};

std::string described(const lab::SlowPathPlan& plan) {
  return fmt::format("slow path: {} at {}, {}, {}", printable(plan.source), printable(plan.point),
                     plan.shape.bandwidth > 0 ? format_bytes(plan.shape.bandwidth) + "/s" : "no bandwidth cap",
                     plan.shape.latency > Seconds(0) ? format_duration(plan.shape.latency) : "no added latency");
}

Json to_json(const lab::SlowPathPlan& plan, const lab::SlowPathUse& use) {
  return {{"schema", "stoker.lab-slowpath/1"},
          {"source", plan.source},
          {"mount", plan.point},
          {"bandwidth", plan.shape.bandwidth > 0 ? Json(plan.shape.bandwidth) : Json(nullptr)},
          {"latency_s", plan.shape.latency.count()},
          {"requests", use.requests},
          {"reads", use.reads},
          {"bytes", use.bytes},
          {"seconds", use.seconds.count()},
          {"max_in_flight", use.max_in_flight},
          {"unmounted", lab::to_string(use.unmounted)}};
}

Result<Answer> run(const Options& options, const Globals& globals, const std::stop_token& stop) {
  lab::SlowPathPlan plan{options.source, options.point, {}};
  TRY_ASSIGN(plan.shape.bandwidth, parse_rate(options.bandwidth));
  TRY_ASSIGN(plan.shape.latency, parse_duration(options.latency));
  // Who waits for the mount reads this line; stdout is the answer's, at the end.
  const auto mounted = [&] {
    if (globals.quiet) return;
    fmt::print(stderr, "{}\n", described(plan));
    std::fflush(stderr);
  };
  TRY_ASSIGN(const auto use, lab::run_slowpath(plan, mounted, stop));
  if (use.unmounted == lab::Unmounted::while_busy)
    log::warn("{} was busy: unmounted lazily, and files still open there give errors from now on", printable(plan.point));
  return Answer{fmt::format("{} answered in {} requests, at most {} in flight, in {}; unmounted {}", format_bytes(use.bytes), use.requests,
                            use.max_in_flight, format_duration(use.seconds), lab::to_string(use.unmounted)),
                to_json(plan, use)};
}

}  // namespace

void add_lab_slowpath(CLI::App& lab, Invocation& invocation) {
  auto* command = lab.add_subcommand("slowpath", "Show a folder read-only through a path with latency and bandwidth, as a network has them; until Ctrl-C or unmount");
  auto options = std::make_shared<Options>();
  command->add_option("SRC", options->source, "Folder to show; should be in memory or on a faster disk")->required();
  command->add_option("MNT", options->point, "Empty folder to mount it at")->required();
  command->add_option("--bandwidth", options->bandwidth, "Of all requests together, as 200MiB/s; 0: no cap")->check(parsed_by(parse_rate, "RATE"))->capture_default_str();
  command->add_option("--latency", options->latency, "Of each request, as 5ms")->check(parsed_by(parse_duration, "TIME"))->capture_default_str();
  command->footer("Needs FUSE: /dev/fuse, and root or the package fuse3. What the kernel has cached costs nothing, as on a real network path.");
  command->callback([options, &invocation] {
    invocation.run = [options](const Globals& globals, const std::stop_token& stop) { return run(*options, globals, stop); };
  });
}

}  // namespace stoker::cli
