// Writes file images at the disk's speed.
#pragma once

#include <stop_token>
#include <string>

#include "stoker/base/result.hpp"
#include "stoker/model/image.hpp"

namespace stoker::model {

struct WritePlan {
  std::string path;      // must not exist
  unsigned threads = 4;  // each makes a piece, then writes it: some make while others wait for the disk
};

// Past the page cache where the filesystem allows it. Synced when it returns. On failure the file may be
// left half written. Errors: io, no_space, exists, denied, cancelled.
Status write_image(const FileImage& image, const WritePlan& plan, const std::stop_token& stop);

}  // namespace stoker::model
