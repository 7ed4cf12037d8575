#include "stoker/os/clock.hpp"

#include <fmt/chrono.h>

#include <algorithm>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <thread>

namespace stoker::os {

bool wait_for(Seconds time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any ended;
  std::unique_lock lock(mutex);
  constexpr Seconds k_longest{1e8};  // three years: more would overflow the clock's nanoseconds
  ended.wait_for(lock, stop, std::min(time, k_longest), [] { return false; });
  return !stop.stop_requested();
}

void pause(Seconds time) { std::this_thread::sleep_for(time); }

std::string utc_stamp() { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr))); }
std::string utc_stamp_compact() { return fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(std::time(nullptr))); }

}  // namespace stoker::os
