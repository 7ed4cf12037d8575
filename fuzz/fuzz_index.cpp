#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "stoker/model/index.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto index = stoker::model::parse_index({reinterpret_cast<const char*>(data), size});
  if (!index) return 0;
  for (const std::string& shard : index->shards)
    if (shard.find('/') != std::string::npos || shard == "..") std::abort();
  for (const auto& [tensor, place] : index->tensors)
    if (place >= index->shards.size()) std::abort();
  return 0;
}
