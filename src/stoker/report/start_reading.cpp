// What the figures mean for who operates the server. Every sentence follows from the slowest and the fastest valid
// start and a budget named here: other data, other sentences.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "stoker/report/figures.hpp"
#include "stoker/report/markdown.hpp"
#include "stoker/report/start_sections.hpp"

namespace stoker::report {
namespace {

using record::Mode;
using record::Start;

constexpr double k_demo_patience_s = 120;  // what a host can talk over before an audience takes it for broken
constexpr double k_little_room = 0.5;      // of a budget: a start twice as slow as any seen is not rare on a busy node
constexpr double k_restart_budget_s = 60;  // what retries and queues of internal clients usually bridge
constexpr double k_user_patience_s = 10;   // how long a person's attention stays with an unanswered request
constexpr double k_probe_period_s = 2;     // found ready at most this late
constexpr double k_probe_margin = 3;       // times the slowest start: a limit that is too tight kills a start that only
                                           // was slow, and the next one begins again from nothing

struct Extremes {
  const Start* fastest = nullptr;
  const Start* slowest = nullptr;
  std::size_t count = 0;
};

template <class Value>
Extremes extremes(const std::vector<const Start*>& starts, Value value) {
  if (starts.empty()) return {};
  const auto [low, high] =
      std::minmax_element(starts.begin(), starts.end(), [&](const Start* a, const Start* b) { return value(*a) < value(*b); });
  return {*low, *high, starts.size()};
}

double loaded(const Start& start) { return *start.load_s; }

std::string within(double value, double budget) { return value <= budget ? "within" : "past"; }

// "cold, 34.2 s"
std::string told(const Start& start, double value) { return fmt::format("{}, {}", to_string(start.mode), seconds(value)); }

std::string demo(const Extremes& all) {
  const double worst = answered(*all.slowest);
  const std::string front = fmt::format("- **Demo**, patience {:.0f} s: the slowest start ({}) answered {} that. ", k_demo_patience_s,
                                        told(*all.slowest, worst), within(worst, k_demo_patience_s));
  if (worst <= k_little_room * k_demo_patience_s) return front + "It can be started in front of the audience.\n";
  if (worst <= k_demo_patience_s) return front + "There is little room: start it before the audience sits.\n";
  const double best = answered(*all.fastest);
  if (best <= k_demo_patience_s)
    return front + fmt::format("Start it before, from the state of the fastest ({}), and do not restart it on stage.\n", told(*all.fastest, best));
  return front + "Have it running before, and do not restart it on stage.\n";
}

std::string restart_part(const char* when, const Extremes& starts) {
  if (starts.count == 0) return {};
  const double worst = loaded(*starts.slowest);
  return fmt::format(" {}: {} at worst, {}.", when, seconds(worst), within(worst, k_restart_budget_s));
}

const char* cold_situation(record::ColdScope scope) {
  switch (scope) {
    case record::ColdScope::weights: return "Start with the weights evicted, as after memory ran short";
    case record::ColdScope::all: return "First start after a reboot";
    case record::ColdScope::fresh: return "First start of a fresh container";
  }
  return "Cold start";
}

std::string internal(const Extremes& all, const Extremes& cold, const Extremes& warm, record::ColdScope scope) {
  std::string text = fmt::format("- **Internal service**, restart budget {:.0f} s.", k_restart_budget_s) +
                     restart_part("Process restart with the weights in the page cache", warm) +
                     restart_part(cold_situation(scope), cold);
  if (warm.count == 0 && cold.count == 0)
    text += fmt::format(" Slowest start: {}, {}.", told(*all.slowest, loaded(*all.slowest)), within(loaded(*all.slowest), k_restart_budget_s));
  if (loaded(*all.fastest) > k_restart_budget_s) return text + " No start fits: clients see every restart unless a second replica serves.\n";
  if (loaded(*all.slowest) > k_restart_budget_s) return text + " Clients see the slow ones unless a second replica serves.\n";
  return text + " One replica is enough where clients retry that long.\n";
}

std::string user_facing(const Extremes& all, const Extremes& cold, const Extremes& warm) {
  const double best = answered(*all.fastest), worst = answered(*all.slowest);
  const std::string front = fmt::format("- **User-facing endpoint**, patience {:.0f} s: ", k_user_patience_s);
  const std::string ahead = fmt::format("Keep a replica running, and scale on a signal that comes at least {} before the load.\n", seconds(worst));
  if (worst <= k_user_patience_s)
    return front + fmt::format("every start answered within it (slowest {}): scaling from zero on a node like this is possible.\n", seconds(worst));
  if (best > k_user_patience_s)
    return front + fmt::format("scaling from zero is not possible, the fastest start ({}) is past it. ", told(*all.fastest, best)) + ahead;
  if (warm.count > 0 && cold.count > 0 && answered(*warm.slowest) <= k_user_patience_s)
    return front + fmt::format("scaling from zero is possible only where the weights are resident: warm {} at worst, cold up to {}. ",
                               seconds(answered(*warm.slowest)), seconds(answered(*cold.slowest))) +
           "Keep them resident on every node that may scale up.\n";
  return front + fmt::format("some starts answered within it (fastest {}), some did not (slowest {}). ", told(*all.fastest, best),
                             told(*all.slowest, worst)) + ahead;
}

std::string probe(const Extremes& all) {
  const double worst = loaded(*all.slowest);
  const double failures = std::max(1.0, std::ceil(k_probe_margin * worst / k_probe_period_s));
  return fmt::format("- **startupProbe**: `periodSeconds: {:.0f}`, `failureThreshold: {:.0f}`, that is {:.0f} s, {:.0f} times the slowest "
                     "start ({}). A tighter limit kills starts that are only slow, and they begin again.\n",
                     k_probe_period_s, failures, failures * k_probe_period_s, k_probe_margin, seconds(worst));
}

// For n equal runs in any order, the next is the slowest so far once in n + 1.
std::string trust(const Extremes& cold, const Extremes& warm, const Extremes& all) {
  const std::size_t fewest = cold.count > 0 && warm.count > 0 ? std::min(cold.count, warm.count) : all.count;
  if (fewest == 1) return "\nOne start a mode shows no spread: the next is slower still with a chance of about 1 in 2.\n";
  return fmt::format("\nThe slowest of {} is not the slowest there is: the next start of that mode is slower still with a chance of about 1 "
                     "in {}.\n",
                     fewest, fewest + 1);
}

// Warm packages and libraries are two thirds of the bytes of a first start: a cold start that kept them is another thing.
std::string not_covered(const record::StartBench& bench) {
  if (bench.cold_scope != record::ColdScope::weights || bench.engine == "lab") return {};
  return "Nothing here speaks for a node that has not run this engine since its boot: `--cold-scope all` and `fresh` measure that.\n";
}

// A restart is never prewarmed by hand, so prewarmed starts speak for a mode only where there is no other.
std::vector<const Start*> restarts(const record::StartBench& bench) {
  std::vector<const Start*> starts, prewarmed;
  for (const auto& start : bench.starts) {
    if (!start.counts()) continue;
    const bool plain = start.mode == Mode::cold || start.mode == Mode::warm;
    (plain ? starts : prewarmed).push_back(&start);
  }
  return starts.empty() ? prewarmed : starts;
}

}  // namespace

std::string reading_section(const StartView& view) {
  const auto starts = restarts(view.bench);
  if (starts.empty()) return "## Reading for an SRE\n\nNo start counts, so nothing can be read from this.\n";
  const auto by_load = extremes(starts, loaded), by_answer = extremes(starts, answered);
  const auto cold = counting(view.bench, Mode::cold), warm = counting(view.bench, Mode::warm);
  std::string text = "## Reading for an SRE\n\n";
  if (view.bench.engine == "lab")
    text += "The lab engine only loads. These are the seconds of the storage, the floor below which no engine starts: imports, compiling "
            "and warm-up come on top. What is past a budget here is past it with every engine; what is within is the best case.\n\n";
  text += demo(by_answer) + internal(by_load, extremes(cold, loaded), extremes(warm, loaded), view.bench.cold_scope) +
          user_facing(by_answer, extremes(cold, answered), extremes(warm, answered));
  if (view.bench.engine != "lab") text += probe(by_load);
  return text + trust(extremes(cold, loaded), extremes(warm, loaded), by_load) + not_covered(view.bench);
}

}  // namespace stoker::report
