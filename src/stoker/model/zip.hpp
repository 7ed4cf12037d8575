// The central directory of a zip file, zip64 included. Lists; never unpacks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/model/source.hpp"

namespace stoker::model {

struct ZipMember {
  std::string name;
  bool stored = false;  // neither compressed nor encrypted: its bytes lie in the file as they are
  Bytes packed_bytes = 0;
  Bytes bytes = 0;
  Bytes header_offset = 0;
};

bool looks_like_zip(const Source& source);

// Errors: invalid.
Result<std::vector<ZipMember>> read_zip(const Source& source);

// Where the bytes of a member begin, from its local header. Errors: invalid when they leave the file.
Result<Bytes> data_offset(const Source& source, const ZipMember& member);

}  // namespace stoker::model
