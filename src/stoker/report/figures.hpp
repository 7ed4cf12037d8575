// Figures that the sections of a report share, and how they are written: "-" is what was not measured.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stoker/record/start.hpp"
#include "stoker/record/statistics.hpp"

namespace stoker::report {

inline constexpr const char* k_unmeasured = "-";

// The starts of a mode that statistics may use, in the order they ran.
std::vector<const record::Start*> counting(const record::StartBench& bench, record::Mode mode);

std::optional<double> median_of(const std::vector<const record::Start*>& starts, std::optional<Bytes> record::Start::*field);
std::optional<double> median_of(const std::vector<const record::Start*>& starts, std::optional<double> record::Start::*field);

// exec → first answer: of the one-token completion, or of the readiness check where none is served.
double answered(const record::Start& start);

std::string seconds(std::optional<double> value);
std::string bytes(std::optional<double> value);
std::string bytes(std::optional<Bytes> value);
// In decimal units, where a rate stands beside it: "15.2 GB".
std::string decimal_bytes(Bytes value);
Bytes total(const std::vector<Bytes>& devices);
// "0 %" and "100 %" only when it is exactly that: a tenth of a percent of 15 GB is a page cache that is not empty.
std::string share(std::optional<double> fraction);
std::string ratio(double value);  // "1.29", "0.56"
// "6.91 s to 8.52 s", "-310 ms to 1.20 s"
std::string interval(const record::Difference& difference);
// "1 run", "3 runs"
std::string counted(std::size_t count, const std::string& noun);
std::string sentence_case(std::string text);

}  // namespace stoker::report
