#include "stoker/model/index.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stoker::model {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string refusal_of(std::string_view text) {
  const auto index = parse_index(text);
  if (index) return "accepted";
  EXPECT_EQ(index.error().kind(), ErrorKind::invalid);
  return index.error().message();
}

TEST(Index, NamesShardsOnceInOrder) {
  const auto index = parse_index(R"({"metadata":{"total_size":12,"extra":[{"x":null}]},"weight_map":{"c":"m2","a":"m1","b":"m2"},"more":1.5})");
  ASSERT_TRUE(index) << index.error().message();
  EXPECT_THAT(index->shards, ElementsAre("m1", "m2"));
  EXPECT_THAT(index->tensors, ElementsAre(std::pair<std::string, std::size_t>{"c", 1}, std::pair<std::string, std::size_t>{"a", 0}, std::pair<std::string, std::size_t>{"b", 1}));
}

TEST(Index, ShardNamesStayInTheFolder) {
  for (const char* name : {"../m", "/etc/passwd", "a/b", "..", ".", "", "a\\\\b", "a\\u0000b"})
    EXPECT_THAT(refusal_of(std::string(R"({"weight_map":{"a":")") + name + R"("}})"), HasSubstr("leaves the folder")) << name;
}

TEST(Index, WhatIsNoIndexIsRefused) {
  EXPECT_THAT(refusal_of(""), HasSubstr("no JSON"));
  EXPECT_THAT(refusal_of("[]"), HasSubstr("an array where none belongs"));
  EXPECT_THAT(refusal_of("7"), HasSubstr("a number where none belongs"));
  EXPECT_EQ(refusal_of("{}"), "no weight_map in it");
  EXPECT_EQ(refusal_of(R"({"metadata":{"weight_map":{"a":"m"}}})"), "no weight_map in it");
  EXPECT_EQ(refusal_of(R"({"weight_map":{}})"), "weight_map is empty");
  EXPECT_THAT(refusal_of(R"({"weight_map":["a"]})"), HasSubstr("an array where none belongs"));
  EXPECT_THAT(refusal_of(R"({"weight_map":{"a":{"b":"c"}}})"), HasSubstr("an object where none belongs, for a"));
  EXPECT_THAT(refusal_of(R"({"weight_map":{"a":3}})"), HasSubstr("a number where none belongs, for a"));
}

TEST(Index, DuplicatesAndDepthAreRefused) {
  EXPECT_THAT(refusal_of(R"({"weight_map":{"a":"m","a":"n"}})"), HasSubstr("tensor a stands twice"));
  EXPECT_THAT(refusal_of(R"({"weight_map":{"a":"m"},"weight_map":{"b":"n"}})"), HasSubstr("weight_map stands twice"));
  EXPECT_THAT(refusal_of("{\"x\":" + std::string(100'000, '[')), HasSubstr("nested deeper than"));
}

}  // namespace
}  // namespace stoker::model
