#include "stoker/cli/app.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "unit/bench/scratch.hpp"
#include "unit/cli/environment.hpp"

namespace stoker::cli {
namespace {

struct Outcome {
  int code;
  std::string out, err;
};

Outcome stoker(std::vector<std::string> words) {
  words.insert(words.begin(), "stoker");
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  const int code = run(static_cast<int>(argv.size()), argv.data());
  return {code, ::testing::internal::GetCapturedStdout(), ::testing::internal::GetCapturedStderr()};
}

TEST(App, HelpPrintsCommandsAndExitCodes) {
  const auto help = stoker({"--help"});
  EXPECT_EQ(help.code, 0);
  for (const char* word : {"inspect", "residency", "evict", "bench", "lab", "Exit codes", "130"}) EXPECT_NE(help.out.find(word), std::string::npos) << word;
}

TEST(App, AnUnknownCommandSuggestsTheNearest) {
  const auto wrong = stoker({"bench", "sart"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_NE(wrong.err.find("did you mean 'start'?"), std::string::npos) << wrong.err;
}

TEST(App, AnErrorIsOneLineAndUnderJsonADocument) {
  const auto missing = stoker({"--json", "residency", "/nonexistent"});
  EXPECT_EQ(missing.code, 5);
  EXPECT_EQ(std::count(missing.err.begin(), missing.err.end(), '\n'), 1);
  EXPECT_NE(missing.out.find("\"stoker.error/1\""), std::string::npos);
}

TEST(App, GlobalFlagsMayFollowTheCommand) {
  const test::Scratch scratch;
  const auto answer = stoker({"residency", scratch.file("x", 10), "--json"});
  EXPECT_EQ(answer.code, 0) << answer.err;
  EXPECT_NE(answer.out.find("\"resident_bytes\""), std::string::npos);
}

TEST(App, WhatFollowsTwoDashesIsNotParsed) {
  const test::Scratch scratch;
  const auto answer = stoker({"bench", "start", scratch.path(), "--dry-run", "--json", "--", "/bin/sh", "serve", "--nonsense", "--admin-api-key", "hush"});
  EXPECT_EQ(answer.code, 0) << answer.err;
  EXPECT_NE(answer.out.find("--nonsense"), std::string::npos);
  EXPECT_EQ(answer.out.find("hush"), std::string::npos);
  EXPECT_EQ(answer.err.find("hush"), std::string::npos);
}

TEST(App, TheStoreIsTheFlagsThenTheEnvironmentsThenTheFiles) {
  const test::Scratch scratch;
  std::ofstream(scratch.path() + "/config.ini") << "store=/from-file\n";
  const auto looked_in = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--config", scratch.path() + "/config.ini", "inspect", "org/name"});
    return stoker(words).err;
  };
  const test::Environment unset("STOKER_STORE", std::nullopt);
  EXPECT_NE(looked_in({}).find("/from-file"), std::string::npos);
  const test::Environment set("STOKER_STORE", "/from-environment");
  EXPECT_NE(looked_in({}).find("/from-environment"), std::string::npos);
  EXPECT_NE(looked_in({"--store", "/from-flag"}).find("/from-flag"), std::string::npos);
}

TEST(App, AConfigFileWithUnknownKeysIsRefused) {
  const test::Scratch scratch;
  std::ofstream(scratch.path() + "/config.ini") << "stoer=/x\n";
  EXPECT_EQ(stoker({"--config", scratch.path() + "/config.ini", "inspect", "org/name"}).code, 2);
}

}  // namespace
}  // namespace stoker::cli
