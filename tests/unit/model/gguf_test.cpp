#include "stoker/model/gguf.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/model/gguf_builder.hpp"

namespace stoker::model {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string outcome_of(const std::string& bytes) {
  std::vector<Finding> findings;
  const auto file = read_gguf(source_of(bytes), findings);
  if (file) return said(findings);
  EXPECT_EQ(file.error().kind(), ErrorKind::invalid);
  return file.error().message();
}

TEST(Gguf, ReadsMetadataAndTensors) {
  std::vector<Finding> findings;
  const std::string bytes = tiny_gguf().build();
  const auto file = read_gguf(source_of(bytes), findings);
  ASSERT_TRUE(file) << file.error().message();
  EXPECT_EQ(file->architecture, "llama");
  EXPECT_EQ(file->name, "tiny");
  ASSERT_EQ(file->shard.tensors.size(), 2U);
  const Tensor& matrix = file->shard.tensors[0];
  EXPECT_EQ(matrix.dtype, "Q4_K");
  EXPECT_EQ(matrix.bytes, 288U);
  EXPECT_EQ(matrix.parameters, 512U);
  EXPECT_THAT(matrix.shape, ElementsAre(2U, 256U));
  EXPECT_EQ(matrix.offset, bytes.size() - 312);
  EXPECT_EQ(file->shard.tensors[1].offset, bytes.size() - 24);
  EXPECT_EQ(said(findings), "");
}

TEST(Gguf, VersionsAndMagic) {
  EXPECT_EQ(outcome_of(""), "m: ends at byte 0, 4 more were wanted at byte 0");
  EXPECT_EQ(outcome_of("GGML" + std::string(60, '\0')), "m: does not begin with GGUF");
  GgufBuilder builder = tiny_gguf();
  builder.version = 2;
  EXPECT_EQ(outcome_of(builder.build()), "");
  for (const auto& [version, what] : {std::pair{1U, "GGUF version 1"}, std::pair{4U, "GGUF version 4"}, std::pair{0x03000000U, "big-endian"}}) {
    builder.version = version;
    EXPECT_THAT(outcome_of(builder.build()), HasSubstr(what));
  }
}

TEST(Gguf, CountsThatTheFileCannotHoldAreRefused) {
  const std::string head = "GGUF" + little(3, 4);
  EXPECT_THAT(outcome_of(head + little(1ULL << 60, 8) + little(0, 8)), HasSubstr("1152921504606846976 tensors do not fit"));
  EXPECT_THAT(outcome_of(head + little(0, 8) + little(1ULL << 40, 8)), HasSubstr("1099511627776 keys do not fit"));
  const auto pair = [](std::uint32_t type, const std::string& value) { return outcome_of(GgufBuilder().pair("k", type, value).build()); };
  EXPECT_THAT(pair(9, little(8, 4) + little(1ULL << 61, 8)), HasSubstr("elements at byte"));
  EXPECT_THAT(pair(9, little(11, 4) + little(1ULL << 61, 8)), HasSubstr("does not fit into the file"));
  EXPECT_THAT(pair(8, little(1ULL << 63, 8)), HasSubstr("more were wanted"));
  EXPECT_THAT(pair(99, ""), HasSubstr("unknown value type 99"));
  std::string nested;
  for (int i = 0; i < 9; ++i) nested += little(9, 4) + little(1, 8);
  EXPECT_THAT(pair(9, nested), HasSubstr("arrays nested deeper than"));
}

TEST(Gguf, KeysAndAlignment) {
  EXPECT_THAT(outcome_of(tiny_gguf().pair("a.flag", 7, little(0, 1)).build()), HasSubstr("key a.flag stands twice"));
  EXPECT_THAT(outcome_of(GgufBuilder().pair("general.alignment", 4, little(24, 4)).build()), HasSubstr("an alignment of 24"));
  EXPECT_THAT(outcome_of(GgufBuilder().pair("general.alignment", 4, little(0, 4)).build()), HasSubstr("an alignment of 0"));
  EXPECT_THAT(outcome_of(GgufBuilder().pair("general.alignment", 10, little(32, 8)).build()), HasSubstr("no 32-bit number"));
}

TEST(Gguf, TensorsAreChecked) {
  EXPECT_THAT(outcome_of(tiny_gguf().info("norm.weight", {6}, 0, 0).build()), HasSubstr("tensor norm.weight stands twice"));
  EXPECT_THAT(outcome_of(tiny_gguf().info("t", {6}, 4, 0).build()), HasSubstr("tensor t has the unknown type 4"));
  EXPECT_THAT(outcome_of(tiny_gguf().info("t", {100}, 2, 0).build()), HasSubstr("rows of 100 elements do not fit type Q4_0"));
  EXPECT_THAT(outcome_of(tiny_gguf().info("t", {1ULL << 40, 1ULL << 40}, 0, 0).build()), HasSubstr("the shape of tensor t overflows"));
  EXPECT_THAT(outcome_of(tiny_gguf().info("t", std::vector<std::uint64_t>(9, 1), 0, 0).build()), HasSubstr("tensor t has 9 dimensions"));
  EXPECT_THAT(outcome_of(tiny_gguf().info("t", {6}, 0, 1ULL << 63).build()), HasSubstr("tensor t needs"));
  EXPECT_THAT(outcome_of(tiny_gguf().info("t", {6}, 0, ~0ULL - 31).build()), HasSubstr("overflows"));
}

TEST(Gguf, OverlapsAndMisplacedTensorsAreErrors) {
  EXPECT_THAT(outcome_of(tiny_gguf().info("t", {6}, 0, 32).build()), HasSubstr("error: tensors token_embd.weight and t overlap"));
  EXPECT_THAT(outcome_of(tiny_gguf().info("t", {1}, 24, 3).build()), HasSubstr("error: tensor t does not begin at a multiple of 32"));
}

TEST(Gguf, ATruncatedFileNamesTheTensor) {
  const std::string bytes = tiny_gguf().build();
  EXPECT_THAT(outcome_of(bytes.substr(0, bytes.size() - 1)), HasSubstr("tensor norm.weight needs " + std::to_string(bytes.size())));
}

TEST(Gguf, EveryTypeHasABlock) {
  for (std::uint32_t id = 0; id < 64; ++id)
    if (const auto type = ggml_type(id)) {
      EXPECT_TRUE(type->id == id && type->elements > 0 && type->bytes > 0 && !type->name.empty());
    }
  EXPECT_FALSE(ggml_type(4));
}

}  // namespace
}  // namespace stoker::model
