#include "stoker/cli/paths.hpp"

#include <gtest/gtest.h>

#include "unit/bench/scratch.hpp"
#include "unit/cli/environment.hpp"

namespace stoker::cli {
namespace {

TEST(Paths, TheHubCacheFollowsItsVariables) {
  const Globals globals;
  {
    const test::Environment set({{"HF_HUB_CACHE", "/a"}, {"HF_HOME", "/b"}});
    EXPECT_EQ(places(globals).hub_cache, "/a");
  }
  {
    const test::Environment set({{"HF_HUB_CACHE", std::nullopt}, {"HF_HOME", "/b"}});
    EXPECT_EQ(places(globals).hub_cache, "/b/hub");
  }
  const test::Environment set({{"HF_HUB_CACHE", std::nullopt}, {"HF_HOME", std::nullopt}, {"XDG_CACHE_HOME", std::nullopt}, {"HOME", "/home/u"}});
  EXPECT_EQ(places(globals).hub_cache, "/home/u/.cache/huggingface/hub");
}

TEST(Paths, TheModelComesFromArgumentThenModelPathThenModel) {
  const test::Scratch a, b, c;
  const test::Environment set({{"MODEL_PATH", b.path()}, {"MODEL", c.path()}});
  EXPECT_EQ(locate_model(a.path(), {}).value().path, a.path());
  EXPECT_EQ(locate_model("", {}).value().path, b.path());
  const test::Environment without("MODEL_PATH", std::nullopt);
  EXPECT_EQ(locate_model("", {}).value().path, c.path());
}

TEST(Paths, NoModelAtAllIsAUsageError) {
  const test::Environment set({{"MODEL_PATH", std::nullopt}, {"MODEL", ""}});
  EXPECT_EQ(locate_model("", {}).error().kind(), ErrorKind::usage);
}

TEST(Paths, FilesAreListedOnce) {
  const test::Scratch scratch;
  const auto file = scratch.file("x", 1);
  EXPECT_EQ(files_of({scratch.path(), file}).value(), std::vector<std::string>{file});
}

TEST(Paths, AnAbsentPathIsNotFound) { EXPECT_EQ(files_of({"/nonexistent"}).error().kind(), ErrorKind::not_found); }

}  // namespace
}  // namespace stoker::cli
