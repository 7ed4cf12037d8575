// MODEL as a user writes it → the folder or file that holds it.
#pragma once

#include <string>

#include "stoker/base/result.hpp"

namespace stoker::model {

struct Places {
  std::string store;      // its root; may be absent on disk
  std::string hub_cache;  // $HF_HUB_CACHE, $HF_HOME/hub or ~/.cache/huggingface/hub
};

struct Located {
  std::string name;  // what to call the model in reports: as written
  std::string path;  // an existing folder or file
  std::string from;  // "directory", "store" or "hub cache"
};

// A path that exists; else `org/name[@revision]` in the store (newest commit), then in the hub cache
// (refs/main, or the revision). Errors: not_found, saying where was looked; unsupported for sources
// (hf://, s3://, https://) that have to be staged first; usage for "" and names with "..".
Result<Located> locate(const std::string& written, const Places& places);

}  // namespace stoker::model
