// Bytes, rates and times: as values with their unit, and as the text that people write and read.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "stoker/base/result.hpp"

namespace stoker {

using Bytes = std::uint64_t;
using Seconds = std::chrono::duration<double>;

inline constexpr Bytes k_kib = 1024;
inline constexpr Bytes k_mib = 1024 * k_kib;
inline constexpr Bytes k_gib = 1024 * k_mib;

// "512MiB", "2GB", "1.5TiB", "4096": binary (KiB…) and decimal (kB…) suffixes, bytes when left out.
// Errors: usage, for anything else, a negative number or one past 2^63.
Result<Bytes> parse_bytes(std::string_view text);

// "5ms", "30s", "2m", "1h", "2.5": seconds when left out. Errors: usage.
Result<Seconds> parse_duration(std::string_view text);

// "200MiB/s" → bytes per second. Errors: usage.
Result<Bytes> parse_rate(std::string_view text);

// Three significant digits with a binary suffix: "1.50 GiB", "912 MiB", "17 B".
std::string format_bytes(Bytes bytes);
// "3.47 GB/s" in decimal units, as disks and links are sold.
std::string format_rate(double bytes_per_second);
// "91.8 s", "4.21 s", "312 ms", "17 us".
std::string format_duration(Seconds seconds);

}  // namespace stoker
