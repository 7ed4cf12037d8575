#include "stoker/model/weights.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/model/gguf_builder.hpp"

namespace stoker::model {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string error_of(const std::string& path, ErrorKind kind) {
  const auto inspection = inspect(path);
  if (inspection) return "accepted";
  EXPECT_EQ(inspection.error().kind(), kind) << inspection.error().message();
  return inspection.error().message();
}

std::vector<std::string> names_of(const Scratch& scratch) {
  auto files = weight_files(scratch.path());
  EXPECT_TRUE(files) << files.error().message();
  std::vector<std::string> names;
  for (const std::string& file : files.value_or(std::vector<std::string>{})) names.push_back(file.substr(scratch.path().size() + 1));
  return names;
}

TEST(Weights, FamiliesInTheirOrder) {
  const Scratch scratch;
  EXPECT_THAT(error_of(scratch.path(), ErrorKind::not_found), HasSubstr("no weights in it"));
  (void)scratch.write("w.pth", "x");
  EXPECT_THAT(names_of(scratch), ElementsAre("w.pth"));
  (void)scratch.write("training_args.bin", "x");
  (void)scratch.write("b.bin", "x");
  (void)scratch.write("a.bin", "x");
  EXPECT_THAT(names_of(scratch), ElementsAre("a.bin", "b.bin"));
  (void)scratch.write("m.gguf", "x");
  EXPECT_THAT(names_of(scratch), ElementsAre("m.gguf"));
  (void)scratch.write("model-2.safetensors", "x");
  (void)scratch.write("model-1.safetensors", "x");
  (void)scratch.write(".hidden.safetensors", "x");
  EXPECT_THAT(names_of(scratch), ElementsAre("model-1.safetensors", "model-2.safetensors"));
  (void)scratch.write("other.safetensors.index.json", R"({"weight_map":{"a":"model-2.safetensors"}})");
  EXPECT_THAT(names_of(scratch), ElementsAre("model-2.safetensors"));
  (void)scratch.write("model.safetensors.index.json", R"({"weight_map":{"a":"model-1.safetensors"}})");
  EXPECT_THAT(names_of(scratch), ElementsAre("model-1.safetensors"));
}

TEST(Weights, PathsAreReportedAsGiven) {
  const Scratch scratch;
  const std::string blob = scratch.write("blobs/abc", two_tensors());
  ASSERT_TRUE(os::make_folders(scratch.path("snapshot")));
  ASSERT_EQ(::symlink(blob.c_str(), scratch.path("snapshot/model.safetensors").c_str()), 0);
  const auto inspection = inspect(scratch.path("snapshot") + "/");
  ASSERT_TRUE(inspection) << inspection.error().message();
  EXPECT_EQ(inspection->shards[0].path, scratch.path("snapshot/model.safetensors"));
  EXPECT_EQ(inspection->parameters(), 4U);
  EXPECT_EQ(inspection->bytes(), two_tensors().size());
}

TEST(Weights, ErrorsNameFileAndCause) {
  const Scratch scratch;
  EXPECT_THAT(error_of(scratch.path("absent"), ErrorKind::not_found), HasSubstr("absent"));
  EXPECT_THAT(error_of(scratch.write("config.json", "{}"), ErrorKind::invalid), HasSubstr("not a weight file by its name"));
  const std::string empty = scratch.write("z.safetensors", "");
  EXPECT_EQ(error_of(empty, ErrorKind::invalid), empty + ": a weight file of zero bytes");
  EXPECT_EQ(error_of(scratch.path(), ErrorKind::invalid), empty + ": a weight file of zero bytes");
  const std::string bomb = scratch.write("y.safetensors", little(1ULL << 60, 8) + "{}");
  EXPECT_THAT(error_of(bomb, ErrorKind::invalid), HasSubstr(bomb + ": header of 1152921504606846976 bytes"));
  const std::string cut = scratch.write("x.safetensors", two_tensors().substr(0, two_tensors().size() - 1));
  EXPECT_THAT(error_of(cut, ErrorKind::invalid), HasSubstr(cut + ": the file ends at byte"));
}

TEST(Weights, AnIndexThatNamesAnAbsentShard) {
  const Scratch scratch;
  (void)scratch.write("a.safetensors", two_tensors());
  const std::string index = scratch.write("model.safetensors.index.json", R"({"weight_map":{"a":"a.safetensors","c":"c.safetensors"}})");
  EXPECT_EQ(error_of(scratch.path(), ErrorKind::not_found), index + " names " + scratch.path("c.safetensors") + ", which is absent");
  (void)scratch.write("model.safetensors.index.json", R"({"weight_map":{"a":"../a.safetensors"}})");
  EXPECT_THAT(error_of(scratch.path(), ErrorKind::invalid), HasSubstr(index + ": shard name '../a.safetensors' leaves the folder"));
}

TEST(Weights, TensorsThatTheirShardLacksAndTensorsOfTwoShards) {
  const Scratch scratch;
  (void)scratch.write("a.safetensors", two_tensors());
  (void)scratch.write("b.safetensors", two_tensors());
  (void)scratch.write("model.safetensors.index.json", R"({"weight_map":{"a":"a.safetensors","c":"b.safetensors"}})");
  const auto inspection = inspect(scratch.path());
  ASSERT_TRUE(inspection) << inspection.error().message();
  const std::string text = said(inspection->findings);
  EXPECT_THAT(text, HasSubstr("error: tensor c is not in b.safetensors, where the index maps it"));
  EXPECT_THAT(text, HasSubstr("error: tensor a is in " + scratch.path("a.safetensors") + " as well"));
}

TEST(Weights, ASplitGgufBringsItsSiblings) {
  const Scratch scratch;
  GgufBuilder other;
  other.info("other", {2}, 0, 0).data = 8;
  const std::string first = scratch.write("m-00001-of-00002.gguf", tiny_gguf().build());
  EXPECT_THAT(error_of(first, ErrorKind::not_found), HasSubstr("m-00002-of-00002.gguf, which is absent"));
  EXPECT_THAT(error_of(scratch.path(), ErrorKind::not_found), HasSubstr("m-00002-of-00002.gguf, which is absent"));
  const std::string second = scratch.write("m-00002-of-00002.gguf", other.build());
  EXPECT_THAT(weight_files(first).value(), ElementsAre(first, second));
  EXPECT_THAT(weight_files(second).value(), ElementsAre(first, second));
  const auto inspection = inspect(scratch.path());
  ASSERT_TRUE(inspection);
  EXPECT_EQ(to_string(inspection->format), "gguf");
  EXPECT_EQ(inspection->parameters(), 520U);
}

TEST(Weights, APipeIsNotOpened) {
  const Scratch scratch;
  ASSERT_EQ(::mkfifo(scratch.path("model.safetensors").c_str(), 0600), 0);
  EXPECT_THAT(error_of(scratch.path(), ErrorKind::invalid), HasSubstr("not a regular file"));
}

}  // namespace
}  // namespace stoker::model
