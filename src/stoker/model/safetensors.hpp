// safetensors: 8 bytes of header length, a JSON header, tensor bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/model/source.hpp"
#include "stoker/model/weights.hpp"

namespace stoker::model {

inline constexpr Bytes k_safetensors_header_limit = 100'000'000;  // the limit of the format's own library

// Bits of one element; nothing for an unknown dtype.
std::optional<unsigned> safetensors_bits(std::string_view dtype);

// Reads the header alone. What makes the file unfit to load at all is an error (invalid); holes, overlaps
// and trailing bytes are appended to `findings`.
Result<Shard> read_safetensors(const Source& source, std::vector<Finding>& findings);

}  // namespace stoker::model
