#include "stoker/cli/bench_start_plan.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "unit/bench/scratch.hpp"
#include "unit/cli/environment.hpp"

namespace stoker::cli {
namespace {

using Words = std::vector<std::string>;

class Plan : public ::testing::Test {
protected:
  Plan() : environment({{"MAX_MODEL_LEN", std::nullopt}, {"PATH", scratch.path()}}) {
    options.model = scratch.path();
    for (const char* program : {"vllm", "llama-server"}) ::chmod(scratch.file(program, 0).c_str(), 0755);
  }
  Result<bench::StartPlan> made(Words after_dashes = {}) {
    Globals globals;
    globals.dashes = !after_dashes.empty();
    globals.after_dashes = std::move(after_dashes);
    return plan_of(options, globals);
  }

  test::Scratch scratch;
  test::Environment environment;
  BenchStartOptions options;
};

TEST_F(Plan, TheCommandIsUntouchedButForItsPlaceholders) {
  const auto plan = made({"vllm", "serve", "{model}", "--port", "{port}", "--flag={model}x"});
  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_EQ(plan->kind, engine::Kind::vllm);
  EXPECT_EQ(plan->argv, (Words{"vllm", "serve", scratch.path(), "--port", std::to_string(plan->port), "--flag=" + scratch.path() + "x"}));
}

TEST_F(Plan, ThePortIsTheOptionsThenTheCommandsThenTheDefault) {
  EXPECT_EQ(made({"vllm", "serve", "m", "--port", "8123"})->port, 8123);
  EXPECT_EQ(made({"vllm", "serve", "m"})->port, 8000);
  EXPECT_EQ(made({"llama-server", "-m", "m"})->port, 8080);
  options.port = 9001;
  EXPECT_EQ(made({"vllm", "serve", "m", "--port", "8123"})->port, 9001);
}

TEST_F(Plan, TheLabEngineIsComposedFromItsFlags) {
  options.engine = "lab";
  const auto plan = made({"--load", "read"});
  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_EQ(plan->kind, engine::Kind::lab);
  EXPECT_EQ((Words{plan->argv[1], plan->argv[2], plan->argv[3]}), (Words{"lab", "engine", scratch.path()}));
  EXPECT_EQ((Words{plan->argv.end() - 2, plan->argv.end()}), (Words{"--load", "read"}));
}

TEST_F(Plan, MaxModelLenComesFromTheEnvironmentOrTheCommand) {
  EXPECT_EQ(made({"vllm", "serve", "m", "--max-model-len", "512"})->max_model_len, 512U);
  EXPECT_EQ(made({"vllm", "serve", "m", "--max-model-len=513"})->max_model_len, 513U);
  const test::Environment set("MAX_MODEL_LEN", "4096");
  EXPECT_EQ(made({"vllm", "serve", "m"})->max_model_len, 4096U);
  options.engine = "vllm";
  const auto composed = made();
  ASSERT_TRUE(composed) << composed.error().message();
  EXPECT_NE(std::find(composed->argv.begin(), composed->argv.end(), "4096"), composed->argv.end());
}

TEST_F(Plan, AProgramThatIsNotThereIsRefusedBeforeAnything) { EXPECT_EQ(made({"no-such-server"}).error().kind(), ErrorKind::not_found); }

TEST_F(Plan, BadWordsAreUsageErrors) {
  const auto refused = [&](Words command = {"vllm", "serve", "m"}) {
    const auto plan = made(std::move(command));
    return !plan && plan.error().kind() == ErrorKind::usage;
  };
  options.modes = "cold,tepid";
  EXPECT_TRUE(refused());
  options.modes = "cold,cold";
  EXPECT_TRUE(refused());
  options.modes = "cold";
  options.cold_scope = "everything";
  EXPECT_TRUE(refused());
  options.cold_scope = "weights";
  options.ready_timeout = "0";
  EXPECT_TRUE(refused());
  options.ready_timeout = "10s";
  options.engine = "vlm";
  EXPECT_TRUE(refused());
  options.engine = "command";
  EXPECT_TRUE(refused({}));
  options.engine = "";
  EXPECT_TRUE(refused({}));
  const test::Environment set("MAX_MODEL_LEN", "lots");
  EXPECT_TRUE(refused());
}

}  // namespace
}  // namespace stoker::cli
