#include "shard.hpp"
#include "stoker/model/gguf.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<stoker::model::Finding> findings;
  const auto file = stoker::model::read_gguf(stoker::model::fuzz_source(data, size), findings);
  if (file) stoker::model::check_shard(file->shard);
  return 0;
}
