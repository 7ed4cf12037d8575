// Broken headers by the thousand: every one is read or refused with a reason, in bounds and soon. The seed is
// printed; STOKER_SEED replays it.
#include <gtest/gtest.h>

#include <functional>

#include "stoker/model/checkpoint.hpp"
#include "stoker/model/gguf.hpp"
#include "stoker/model/index.hpp"
#include "stoker/model/safetensors.hpp"
#include "unit/model/gguf_builder.hpp"

namespace stoker::model {
namespace {

class Mutator {
public:
  explicit Mutator(std::uint64_t seed) : m_random(seed) {}

  std::string operator()(std::string bytes) {
    for (std::uint64_t changes = 1 + m_random() % 4; changes > 0 && !bytes.empty(); --changes) change(bytes);
    return bytes;
  }

private:
  std::size_t place(const std::string& bytes) { return m_random() % bytes.size(); }
  void change(std::string& bytes) {
    const std::size_t at = place(bytes);
    switch (m_random() % 7) {
      case 0: bytes[at] = static_cast<char>(m_random()); break;
      case 1: bytes[at] = static_cast<char>(bytes[at] ^ (1 << m_random() % 8)); break;
      case 2: bytes.erase(at, 1 + m_random() % 16); break;
      case 3: bytes.insert(at, bytes.substr(place(bytes), 1 + m_random() % 16)); break;
      case 4: bytes.resize(at); break;
      case 5: bytes.replace(at, 8, little(interesting(), 8)); break;
      default: bytes.replace(at, 1, std::string(1 + m_random() % 3, "0123456789{}[]\",:-.e"[m_random() % 20])); break;
    }
  }
  std::uint64_t interesting() {
    constexpr std::uint64_t k_values[] = {0, 1, 0x7f, 0xff, 0xffff, 0x7fffffff, 0xffffffff, 1ULL << 40, 1ULL << 60, 0x7fffffffffffffff, ~0ULL, ~0ULL - 7};
    return k_values[m_random() % std::size(k_values)];
  }
  std::mt19937_64 m_random;
};

// A shard that was accepted lies in its file.
void expect_inside(const Shard& shard) {
  for (const Tensor& tensor : shard.tensors) EXPECT_TRUE(tensor.offset <= shard.bytes && tensor.bytes <= shard.bytes - tensor.offset) << tensor.name;
}

using Reader = std::function<Result<Shard>(const Source&, std::vector<Finding>&)>;

void mutate(const std::string& whole, int rounds, const Reader& read) {
  const std::uint64_t seed = test_seed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Mutator mutator(seed);
  for (int i = 0; i < rounds; ++i) {
    const std::string bytes = mutator(whole);
    std::vector<Finding> findings;
    const auto shard = read(source_of(bytes), findings);
    if (shard) expect_inside(*shard);
    EXPECT_TRUE(shard || (shard.error().kind() == ErrorKind::invalid && !shard.error().message().empty()));
  }
}

TEST(Mutations, Safetensors) {
  std::vector<Finding> findings;
  ASSERT_TRUE(read_safetensors(source_of(two_tensors()), findings));
  mutate(two_tensors(), 6000, read_safetensors);
}

TEST(Mutations, Gguf) {
  mutate(tiny_gguf().build(), 3000, [](const Source& source, std::vector<Finding>& findings) -> Result<Shard> {
    TRY_ASSIGN(Gguf file, read_gguf(source, findings));
    return std::move(file.shard);
  });
}

TEST(Mutations, Checkpoints) {
  for (const char* name : {"tiny.pt", "tiny64.pt", "old.bin", "evil.pt"})
    mutate(os::read_text(fixture(name)).value(), 1000, [](const Source& source, std::vector<Finding>& findings) -> Result<Shard> {
      TRY_ASSIGN(Shard shard, read_checkpoint(source, findings));
      std::erase_if(shard.tensors, [](const Tensor& tensor) { return tensor.offset == 0; });  // compressed: no place to check
      return shard;
    });
}

TEST(Mutations, Index) {
  const std::uint64_t seed = test_seed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Mutator mutator(seed);
  for (int i = 0; i < 2000; ++i) {
    const auto index = parse_index(mutator(R"({"metadata":{"total_size":12},"weight_map":{"a.weight":"m-1","b.weight":"m-2"}})"));
    if (!index) continue;
    for (const std::string& shard : index->shards) EXPECT_EQ(shard.find('/'), std::string::npos);
    for (const auto& [name, place] : index->tensors) EXPECT_LT(place, index->shards.size());
  }
}

}  // namespace
}  // namespace stoker::model
