#include "shard.hpp"
#include "stoker/model/safetensors.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<stoker::model::Finding> findings;
  const auto shard = stoker::model::read_safetensors(stoker::model::fuzz_source(data, size), findings);
  if (shard) stoker::model::check_shard(*shard);
  return 0;
}
