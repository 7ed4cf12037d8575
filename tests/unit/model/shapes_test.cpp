#include "stoker/model/shapes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stoker/model/image.hpp"
#include "stoker/model/synthetic.hpp"

namespace stoker::model {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::uint64_t parameters_of(const std::vector<SyntheticTensor>& tensors) {
  std::uint64_t sum = 0;
  for (const SyntheticTensor& tensor : tensors) sum += tensor.elements();
  return sum;
}

TEST(Shapes, ParameterCountsAreThePublishedOnes) {
  const std::vector<std::pair<std::string, std::uint64_t>> published{{"qwen2.5-0.5b", 494'032'768},
                                                                     {"qwen2.5-1.5b", 1'543'714'304},
                                                                     {"phi-3-mini-4k", 3'821'079'552},
                                                                     {"qwen2.5-7b", 7'615'616'512},
                                                                     {"llama-3.1-8b", 8'030'261'248}};
  for (const auto& [name, parameters] : published) {
    const Shape shape = find_shape(name).value();
    EXPECT_EQ(parameters_of(hub_tensors(shape)), parameters) << name;
    EXPECT_EQ(parameters_of(gguf_tensors(shape)), parameters) << name;
  }
}

// Sizes that the hub lists for the originals: names, order, header and padding all have to agree for that.
TEST(Shapes, ShardsHaveTheBytesOfTheOriginals) {
  const auto sizes = [](const std::string& name) {
    std::vector<Bytes> bytes;
    for (const FileImage& image : hub_images(find_shape(name).value(), 0).files) bytes.push_back(image.bytes);
    return bytes;
  };
  EXPECT_THAT(sizes("qwen2.5-0.5b"), ElementsAre(988'097'824U));
  EXPECT_THAT(sizes("qwen2.5-1.5b"), ElementsAre(3'087'467'144U));
  EXPECT_THAT(sizes("phi-3-mini-4k"), ElementsAre(4'972'489'328U, 2'669'692'552U));
  EXPECT_THAT(sizes("qwen2.5-7b"), ElementsAre(3'945'441'440U, 3'864'726'352U, 3'864'726'424U, 3'556'377'672U));
  EXPECT_THAT(sizes("llama-3.1-8b"), ElementsAre(4'976'698'672U, 4'999'802'720U, 4'915'916'176U, 1'168'138'808U));
}

TEST(Shapes, NamesInAnyCaseWithOrWithoutInstruct) {
  EXPECT_EQ(find_shape("Qwen2.5-7B-Instruct")->name, "qwen2.5-7b");
  EXPECT_EQ(find_shape("PHI-3-MINI-4K-INSTRUCT")->name, "phi-3-mini-4k");
  const auto unknown = find_shape("qwen2.5-8b");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind(), ErrorKind::usage);
  EXPECT_THAT(unknown.error().message(), HasSubstr("did you mean qwen2.5-7b?"));
}

TEST(Shapes, PhiIsFused) {
  const auto tensors = hub_tensors(find_shape("phi-3-mini-4k").value());
  EXPECT_EQ(tensors[2].name, "model.layers.0.self_attn.qkv_proj.weight");
  EXPECT_THAT(tensors[2].shape, ElementsAre(9216U, 3072U));
  EXPECT_EQ(tensors[3].name, "model.layers.0.mlp.gate_up_proj.weight");
  EXPECT_THAT(tensors[3].shape, ElementsAre(16384U, 3072U));
}

}  // namespace
}  // namespace stoker::model
