// Time: the monotonic clock, stamps for people, and waiting that a stop ends at once.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>

#include "stoker/base/units.hpp"

namespace stoker::os {

using Clock = std::chrono::steady_clock;
using Stamp = Clock::time_point;

inline Stamp now() { return Clock::now(); }
inline Seconds since(Stamp start) { return Clock::now() - start; }

// Sleeps for `time`, or until stop is requested; false when it was.
bool wait_for(Seconds time, const std::stop_token& stop);

// Between two looks at something that nobody tells us about: short, and bounded by its caller.
void pause(Seconds time);

// UTC: "2026-11-21T01:23:45Z", and without punctuation for names: "20261121T012345Z".
std::string utc_stamp();
std::string utc_stamp_compact();

}  // namespace stoker::os
