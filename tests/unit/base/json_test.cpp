#include "stoker/base/json.hpp"

#include <gtest/gtest.h>

namespace stoker {
namespace {

std::string refusal(std::string_view text) {
  const auto parsed = parse_json(text);
  if (parsed) return "accepted";
  EXPECT_EQ(parsed.error().kind(), ErrorKind::invalid);
  return parsed.error().message();
}

TEST(ParseJson, RoundTripKeepsOrder) {
  const std::string text = R"({"z":1,"a":[true,null,"x",1.5],"m":{"b":-2}})";
  EXPECT_EQ(dump_json(parse_json(text).value(), -1), text);
}

TEST(ParseJson, SaysWhereItBroke) { EXPECT_NE(refusal("{\"a\": }").find("column 7"), std::string::npos) << refusal("{\"a\": }"); }

TEST(ParseJson, RefusesTrailingTextAndEmptyness) {
  EXPECT_NE(refusal(""), "accepted");
  EXPECT_NE(refusal("{} {}"), "accepted");
  EXPECT_NE(refusal("1e999"), "accepted");
  EXPECT_NE(refusal("\"\xff\""), "accepted");
}

TEST(ParseJson, RefusesDuplicateKeysOfOneObjectOnly) {
  EXPECT_NE(refusal(R"({"a":{"k":1,"k":2}})").find("'k' stands twice"), std::string::npos);
  EXPECT_EQ(refusal(R"({"a":{"k":1},"b":{"k":2},"k":3})"), "accepted");
  EXPECT_EQ(refusal(R"([{"k":1},{"k":2}])"), "accepted");
}

TEST(ParseJson, SurvivesADepthBomb) {
  const std::string arrays(1'000'000, '['), objects = [] {
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += "{\"a\":";
    return text;
  }();
  EXPECT_NE(refusal(arrays).find("deeper than 64"), std::string::npos);
  EXPECT_NE(refusal(objects).find("deeper than 64"), std::string::npos);
  EXPECT_EQ(refusal(std::string(64, '[') + std::string(64, ']')), "accepted");
}

TEST(ParseJson, MessagesCarryNoControlCharacters) {
  for (const char c : refusal("\"a\x1b[31m")) EXPECT_GE(static_cast<unsigned char>(c), 0x20);
  const std::string twice = refusal("{\"\\u001b\":1,\"\\u001b\":2}");
  EXPECT_NE(twice.find("\\x1b"), std::string::npos) << twice;
  EXPECT_LT(refusal("\"" + std::string(100'000, 'x')).size(), 300U);
}

TEST(DumpJson, ReplacesInvalidUtf8) {
  Json document;
  document["name"] = "a\xff";
  EXPECT_EQ(dump_json(document, -1), "{\"name\":\"a\xef\xbf\xbd\"}");
}

}  // namespace
}  // namespace stoker
