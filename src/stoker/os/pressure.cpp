#include "stoker/os/pressure.hpp"

#include "stoker/base/text.hpp"
#include "stoker/os/file.hpp"

namespace stoker::os {
namespace {

// "some avg10=0.00 avg60=0.20 avg300=0.12 total=6043743", in microseconds
std::optional<Seconds> total_of(std::string_view line) {
  for (std::string_view field : split_blank(line)) {
    std::uint64_t microseconds = 0;
    if (field.starts_with("total=") && parse_number(field.substr(6), microseconds)) return Seconds(static_cast<double>(microseconds) * 1e-6);
  }
  return std::nullopt;
}

}  // namespace

std::optional<IoPressure> io_pressure(const Root& root) {
  const auto text = read_fact(root.path("/proc/pressure/io"));
  if (!text) return std::nullopt;
  std::optional<Seconds> some, full;
  for (std::string_view line : split(*text, '\n')) {
    if (line.starts_with("some ")) some = total_of(line);
    if (line.starts_with("full ")) full = total_of(line);
  }
  if (!some || !full) return std::nullopt;
  return IoPressure{*some, *full};
}

}  // namespace stoker::os
