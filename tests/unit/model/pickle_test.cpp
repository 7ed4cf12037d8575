#include "stoker/model/pickle.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/model/scratch.hpp"

namespace stoker::model {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Result<PickleListing> listing_of(const std::string& bytes) {
  const Source source = source_of(bytes);
  Cursor cursor(source, 0, bytes.size());
  return list_pickle(cursor);
}
std::string refusal_of(const std::string& bytes) {
  const auto listing = listing_of(bytes);
  return listing ? "accepted" : listing.error().message();
}

TEST(Pickle, ImportsOfEverySpellingAreSeen) {
  EXPECT_THAT(listing_of("cos\nsystem\n.")->imports, ElementsAre("os.system"));
  EXPECT_THAT(listing_of("(ios\nsystem\n.")->imports, ElementsAre("os.system"));
  EXPECT_THAT(listing_of("\x80\4\x8c\2os\x8c\6system\x93.")->imports, ElementsAre("os.system"));
  // Names put together at load time cannot be read off, and are told all the same.
  EXPECT_THAT(listing_of("\x80\4N\x8c\6system\x93.")->imports, ElementsAre("(computed).(computed)"));
  EXPECT_THAT(listing_of(std::string("\x82\1.", 3))->imports, ElementsAre("(extension registry).1"));
}

TEST(Pickle, NumbersTextsAndTheMagic) {
  EXPECT_EQ(listing_of("M\xe9\3.")->number, 1001U);
  EXPECT_EQ(listing_of("I1001\n.")->number, 1001U);
  EXPECT_EQ(listing_of(std::string("J\xff\xff\xff\xff.", 6))->number, std::nullopt);
  EXPECT_THAT(listing_of(std::string("](X\1\0\0\0aU\1be.", 13))->keys, ElementsAre("a", "b"));
  EXPECT_TRUE(listing_of("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.")->torch_magic);
  EXPECT_FALSE(listing_of("\x8a\x0a\x6d\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.")->torch_magic);
}

TEST(Pickle, WhatIsNoPickleIsRefused) {
  EXPECT_THAT(refusal_of(""), HasSubstr("ends at byte 0"));
  EXPECT_THAT(refusal_of("."), HasSubstr("stops with nothing on its stack"));
  EXPECT_THAT(refusal_of("R."), HasSubstr("the stack is empty at byte 1"));
  EXPECT_THAT(refusal_of("Nt."), HasSubstr("no mark at byte 2"));
  EXPECT_THAT(refusal_of("h\7."), HasSubstr("nothing kept under 7"));
  EXPECT_THAT(refusal_of("\xff"), HasSubstr("opcode 0xff at byte 0"));
  EXPECT_THAT(refusal_of("X\xff\xff\xff\x7f"), HasSubstr("wanted"));
}

TEST(Pickle, BombsEndEarly) {
  EXPECT_THAT(refusal_of(std::string(3'000'000, 'N')), HasSubstr("more than 2000000 values"));
  EXPECT_THAT(refusal_of("N" + std::string(30'000'000, '2')), HasSubstr("more than 20000000 steps"));
}

TEST(Pickle, AValueThatHoldsItselfEnds) {
  // d = {}; d["a"] = d
  EXPECT_TRUE(listing_of(std::string("}q\0U\1ah\0s.", 10)));
}

TEST(Pickle, ExpectedImports) {
  for (const char* import : {"collections.OrderedDict", "torch.FloatStorage", "torch.BFloat16Storage", "torch.bfloat16", "torch._utils._rebuild_tensor_v2"})
    EXPECT_TRUE(is_expected_import(import)) << import;
  for (const char* import : {"os.system", "torch.hub.load", "torch.load", "builtins.eval", "torch._utils.os.system", "torchStorage", "collections.os.system"})
    EXPECT_FALSE(is_expected_import(import)) << import;
}

}  // namespace
}  // namespace stoker::model
