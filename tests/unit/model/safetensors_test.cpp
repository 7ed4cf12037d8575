#include "stoker/model/safetensors.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/model/scratch.hpp"

namespace stoker::model {
namespace {

using ::testing::HasSubstr;

std::string refusal_of(const std::string& bytes) {
  std::vector<Finding> findings;
  const auto shard = read_safetensors(source_of(bytes), findings);
  if (shard) return "accepted";
  EXPECT_EQ(shard.error().kind(), ErrorKind::invalid);
  EXPECT_EQ(shard.error().message().find('\n'), std::string::npos);
  EXPECT_TRUE(shard.error().message().starts_with("m")) << shard.error().message();
  return shard.error().message();
}
std::string refusal_of_header(const std::string& header, std::size_t data = 0) { return refusal_of(safetensors_file(header, data)); }

std::string findings_of(const std::string& header, std::size_t data) {
  std::vector<Finding> findings;
  const std::string bytes = safetensors_file(header, data);
  const auto shard = read_safetensors(source_of(bytes), findings);
  return shard ? said(findings) : "refused: " + shard.error().message();
}

TEST(Safetensors, ListsTensorsByOffset) {
  const std::string header =
      R"({"__metadata__":{"format":"pt"},"b":{"dtype":"BF16","shape":[2,3],"data_offsets":[4,16]},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}  )";
  const std::string bytes = safetensors_file(header, 16);
  std::vector<Finding> findings;
  const auto shard = read_safetensors(source_of(bytes), findings);
  ASSERT_TRUE(shard) << shard.error().message();
  ASSERT_EQ(shard->tensors.size(), 2U);
  EXPECT_EQ(shard->header_bytes, 8 + header.size());
  EXPECT_EQ(shard->tensors[0].name, "a");
  EXPECT_EQ(shard->tensors[0].parameters, 1U);
  EXPECT_EQ(shard->tensors[1].offset, 8 + header.size() + 4);
  EXPECT_EQ(shard->tensors[1].bytes, 12U);
  EXPECT_THAT(shard->tensors[1].shape, ::testing::ElementsAre(2U, 3U));
  EXPECT_EQ(said(findings), "");
}

TEST(Safetensors, AnEmptyModelAndEmptyTensorsAreFine) {
  EXPECT_EQ(findings_of("{}", 0), "");
  EXPECT_EQ(findings_of(R"({"a":{"dtype":"F32","shape":[0,7],"data_offsets":[0,0]}})", 0), "");
}

TEST(Safetensors, HeadersThatCannotBeAreRefusedBeforeAllocation) {
  EXPECT_EQ(refusal_of(""), "m: 0 bytes, too few for a safetensors file");
  EXPECT_EQ(refusal_of("1234567"), "m: 7 bytes, too few for a safetensors file");
  EXPECT_EQ(refusal_of(little(1ULL << 60, 8) + "{}"), "m: header of 1152921504606846976 bytes, more than the 100000000 that the format allows");
  EXPECT_EQ(refusal_of(little(~0ULL, 8) + "{}"), "m: header of 18446744073709551615 bytes, more than the 100000000 that the format allows");
  EXPECT_EQ(refusal_of(little(3, 8) + "{}"), "m: header of 3 bytes, but the file ends at byte 10");
}

TEST(Safetensors, ATruncatedFileNamesTheTensorThatReachesFurthest) {
  const std::string whole = two_tensors();
  const std::string cut = whole.substr(0, whole.size() - 9);
  EXPECT_EQ(refusal_of(cut), fmt::format("m: the file ends at byte {}, tensor b needs {}", cut.size(), whole.size()));
}

TEST(Safetensors, HeadersThatAreNotOursAreRefused) {
  EXPECT_THAT(refusal_of_header(""), HasSubstr("m: header: no JSON"));
  EXPECT_THAT(refusal_of_header(" {}"), HasSubstr("does not begin with '{'"));
  EXPECT_THAT(refusal_of_header("{}x"), HasSubstr("no JSON at byte"));
  EXPECT_THAT(refusal_of_header("[]"), HasSubstr("an array where none belongs, at the top"));
  EXPECT_THAT(refusal_of_header("{\"a\":7}"), HasSubstr("a number where none belongs"));
  EXPECT_THAT(refusal_of_header("{\"\xff\":{}}"), HasSubstr("no JSON"));
  EXPECT_THAT(refusal_of_header(R"({"a":{"b":{}}})"), HasSubstr("unknown field b, in a"));
  EXPECT_THAT(refusal_of_header(R"({"a":{"shape":[[1]]}})"), HasSubstr("an array where none belongs, in a"));
  EXPECT_THAT(refusal_of_header(R"({"a":{"shape":{"x":1}}})"), HasSubstr("an object where none belongs, in a"));
  EXPECT_THAT(refusal_of_header(R"({"a":{"shape":[-1]}})"), HasSubstr("a negative number"));
  EXPECT_THAT(refusal_of_header(R"({"a":{"shape":[1.5]}})"), HasSubstr("a fraction"));
  EXPECT_THAT(refusal_of_header(R"({"a":{"dtype":"F32","shape":[]}})"), HasSubstr("tensor a lacks dtype, shape or data_offsets"));
  EXPECT_THAT(refusal_of_header(R"({"__metadata__":{"a":1}})"), HasSubstr("a number where none belongs"));
}

TEST(Safetensors, WhatTwoReadersWouldReadDifferentlyIsRefused) {
  const std::string a = R"("a":{"dtype":"U8","shape":[],"data_offsets":[0,1]})";
  EXPECT_THAT(refusal_of_header("{" + a + "," + a + "}", 1), HasSubstr("tensor a stands twice"));
  EXPECT_THAT(refusal_of_header(R"({"a":{"dtype":"U8","dtype":"I8","shape":[],"data_offsets":[0,1]}})", 1), HasSubstr("key dtype stands twice, in a"));
  EXPECT_THAT(refusal_of_header(R"({"__metadata__":{"k":"1","k":"2"}})"), HasSubstr("key k stands twice"));
}

TEST(Safetensors, SizesMustAgree) {
  const auto with = [](const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return refusal_of_header(fmt::format(R"({{"a":{{"dtype":"{}","shape":{},"data_offsets":{}}}}})", dtype, shape, offsets), 64);
  };
  EXPECT_THAT(with("F31", "[]", "[0,4]"), HasSubstr("tensor a has the unknown dtype F31"));
  EXPECT_THAT(with("F32", "[2]", "[0,4]"), HasSubstr("tensor a takes 4 bytes, its shape and dtype say 8"));
  EXPECT_THAT(with("F32", "[2]", "[8,0]"), HasSubstr("data_offsets of tensor a run backwards"));
  EXPECT_THAT(with("F32", "[2]", "[0]"), HasSubstr("data_offsets of tensor a are not two numbers"));
  EXPECT_THAT(with("F32", "[2]", "[0,8,9]"), HasSubstr("data_offsets of tensor a are not two numbers"));
  EXPECT_THAT(with("F32", "[4294967296,4294967296]", "[0,8]"), HasSubstr("the shape of tensor a overflows"));
  EXPECT_THAT(with("F32", "[1152921504606846976]", "[0,8]"), HasSubstr("the size of tensor a overflows"));
  EXPECT_THAT(with("U8", "[8]", "[18446744073709551607,18446744073709551615]"), HasSubstr("tensor a needs"));
  EXPECT_THAT(with("F4", "[3]", "[0,1]"), HasSubstr("tensor a takes 1 bytes"));
  EXPECT_EQ(with("F4", "[4]", "[0,2]"), "accepted");
}

TEST(Safetensors, HolesOverlapsAndTrailingBytesAreFindings) {
  const auto two = [](int b_begin, int b_end) {
    return fmt::format(R"({{"a":{{"dtype":"U8","shape":[8],"data_offsets":[0,8]}},"b":{{"dtype":"U8","shape":[8],"data_offsets":[{},{}]}}}})", b_begin, b_end);
  };
  EXPECT_EQ(findings_of(two(10, 18), 18), "note: 2 bytes before tensor b belong to no tensor\n");
  EXPECT_EQ(findings_of(two(8, 16), 33), "note: 17 bytes after the last tensor\n");
  const std::string overlap = findings_of(two(4, 12), 12);
  EXPECT_THAT(overlap, ::testing::StartsWith("error: tensors a and b overlap at byte "));
}

TEST(Safetensors, OneBrokenHeaderDoesNotFillTheScreen) {
  std::string header = "{";
  for (int i = 0; i < 100; ++i) header += fmt::format(R"({}"t{:03}":{{"dtype":"U8","shape":[8],"data_offsets":[0,8]}})", i == 0 ? "" : ",", i);
  const std::string text = findings_of(header + "}", 8);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 9);
  EXPECT_THAT(text, HasSubstr("91 more overlaps"));
}

TEST(Safetensors, TwentyThousandTensorsAreRead) {
  std::string header = "{";
  for (int i = 0; i < 20'000; ++i) header += fmt::format(R"({}"model.layers.{}.w":{{"dtype":"U8","shape":[1],"data_offsets":[{},{}]}})", i == 0 ? "" : ",", i, i, i + 1);
  EXPECT_EQ(findings_of(header + "}", 20'000), "");
}

}  // namespace
}  // namespace stoker::model
