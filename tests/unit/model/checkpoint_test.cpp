#include "stoker/model/checkpoint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/model/scratch.hpp"

namespace stoker::model {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Read {
  Shard shard;
  std::string findings;
};
Read read_fixture(const std::string& name) {
  std::vector<Finding> findings;
  const auto source = open_source(fixture(name)).value();
  auto shard = read_checkpoint(source, findings);
  EXPECT_TRUE(shard) << shard.error().message();
  return {shard.value_or(Shard{}), said(findings)};
}

std::string bytes_at(const std::string& name, const Tensor& tensor) {
  return os::read_text(fixture(name)).value().substr(static_cast<std::size_t>(tensor.offset), static_cast<std::size_t>(tensor.bytes));
}

// wte.weight and lm_head.weight share a storage; the two biases are halves of another.
void expect_tiny(const std::string& file, const std::string& prefix) {
  const Read read = read_fixture(file);
  EXPECT_EQ(read.findings, "");
  ASSERT_EQ(read.shard.tensors.size(), 3U);
  const Tensor& matrix = read.shard.tensors[0];
  EXPECT_EQ(matrix.name, prefix + "wte.weight");
  EXPECT_EQ(matrix.dtype, "F32");
  EXPECT_THAT(matrix.shape, ElementsAre(2U, 3U));
  EXPECT_EQ(bytes_at(file, matrix), std::string("\0\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\xf\x10\x11\x12\x13\x14\x15\x16\x17", 24));
  const Tensor& bias = read.shard.tensors[2];
  EXPECT_EQ(bias.name, prefix + "h.1.bias");
  EXPECT_EQ(bias.dtype, "BF16");
  EXPECT_EQ(bytes_at(file, bias), "\x8\x9\xa\xb\xc\xd\xe\xf");
}

TEST(Checkpoint, ZipArchivesListTheirTensors) { expect_tiny("tiny.pt", ""); }
TEST(Checkpoint, Zip64Too) { expect_tiny("tiny64.pt", ""); }
TEST(Checkpoint, NestedDictionariesGiveLongerNames) { expect_tiny("nested.ckpt", "state_dict."); }
TEST(Checkpoint, TheFormatBeforeZipToo) { expect_tiny("old.bin", ""); }

TEST(Checkpoint, CompressedArchivesListMembers) {
  const Read read = read_fixture("packed.pt");
  EXPECT_THAT(read.findings, HasSubstr("note: data.pkl is compressed"));
  ASSERT_EQ(read.shard.tensors.size(), 5U);
  EXPECT_EQ(read.shard.tensors[2].name, "tiny/data/0");
  EXPECT_EQ(read.shard.tensors[2].bytes, 24U);
  EXPECT_EQ(read.shard.tensors[2].offset, 0U);
}

TEST(Checkpoint, ImportsThatRunCodeAreErrorsAndNeverRun) {
  for (const char* name : {"evil.pt", "evil.pth"}) {
    EXPECT_THAT(read_fixture(name).findings, HasSubstr("error: imports posix.system: would run code when loaded"));
    EXPECT_FALSE(os::look_at("/tmp/it-ran"));
  }
}

TEST(Checkpoint, AStorageTooShortForItsTensorIsAnError) {
  // The pickle says that storage 0 has two by three elements; make the shape nine by three.
  std::string bytes = os::read_text(fixture("tiny.pt")).value();
  const auto shape = bytes.find("K\2K\3\x86");
  ASSERT_NE(shape, std::string::npos);
  bytes[shape + 1] = '\x9';
  std::vector<Finding> findings;
  ASSERT_TRUE(read_checkpoint(source_of(bytes), findings));
  EXPECT_THAT(said(findings), HasSubstr("error: tensor wte.weight needs 108 bytes, its storage 0 has 24"));
}

TEST(Checkpoint, CutShortIsRefused) {
  const std::string zip = os::read_text(fixture("tiny.pt")).value();
  const std::string old = os::read_text(fixture("old.bin")).value();
  std::vector<Finding> findings;
  const auto a = read_checkpoint(source_of(zip.substr(0, 600)), findings);
  ASSERT_FALSE(a);
  EXPECT_THAT(a.error().message(), HasSubstr("without its central directory"));
  const std::string cut = old.substr(0, old.size() - 3);
  const auto b = read_checkpoint(source_of(cut), findings);
  ASSERT_FALSE(b);
  EXPECT_THAT(b.error().message(), HasSubstr("ends at byte 622, 16 more were wanted"));
  EXPECT_FALSE(read_checkpoint(source_of("not a pickle"), findings));
}

}  // namespace
}  // namespace stoker::model
