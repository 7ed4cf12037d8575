#include "stoker/os/file.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include "unit/os/scratch.hpp"

namespace stoker::os {
namespace {

using ::testing::ElementsAre;

TEST(LookAt, TellsKinds) {
  const Scratch scratch;
  const auto file = look_at(scratch.write("a", "123")).value();
  EXPECT_TRUE(file.regular);
  EXPECT_EQ(file.bytes, 3U);
  EXPECT_EQ(file.owner, ::geteuid());
  EXPECT_TRUE(look_at(scratch.path()).value().directory);
  EXPECT_EQ(look_at(scratch.path("b")).error().kind(), ErrorKind::not_found);
}

TEST(ReadText, IsBounded) {
  const Scratch scratch;
  const std::string path = scratch.write("a", std::string(100'000, 'x'));
  EXPECT_EQ(read_text(path).value().size(), 100'000U);
  EXPECT_EQ(read_text(path, 99'999).error().kind(), ErrorKind::invalid);
  EXPECT_FALSE(read_text("/proc/self/stat").value().empty()) << "whose size reads 0";
  EXPECT_FALSE(read_fact(scratch.path("absent")));
  EXPECT_EQ(read_fact(scratch.write("b", " x \n")), "x");
}

TEST(FilesUnder, SortedAndNotThroughLinkedFolders) {
  const Scratch scratch;
  ASSERT_TRUE(make_folders(scratch.path("d/e")));
  const std::string second = scratch.write("d/e/2", ""), first = scratch.write("d/1", "");
  ASSERT_EQ(::symlink("..", scratch.path("d/loop").c_str()), 0);
  ASSERT_EQ(::symlink("e/2", scratch.path("d/linked").c_str()), 0);
  EXPECT_THAT(files_under(scratch.path("d")).value(), ElementsAre(first, second, scratch.path("d/linked")));
  EXPECT_THAT(files_under(first).value(), ElementsAre(first));
  EXPECT_EQ(files_under(scratch.path("d"), 2).error().kind(), ErrorKind::invalid);
  EXPECT_THAT(list_folder(scratch.path("d")).value(), ElementsAre("1", "e", "linked", "loop"));
}

TEST(RemoveTree, NeverThroughALink) {
  const Scratch scratch;
  ASSERT_TRUE(make_folders(scratch.path("kept")));
  ASSERT_TRUE(make_folders(scratch.path("gone")));
  const std::string kept = scratch.write("kept/file", "x");
  ASSERT_EQ(::symlink("../kept", scratch.path("gone/link").c_str()), 0);
  EXPECT_TRUE(remove_tree(scratch.path("gone")));
  EXPECT_TRUE(look_at(kept));
  EXPECT_FALSE(look_at(scratch.path("gone")));
  EXPECT_TRUE(remove_tree(scratch.path("gone"))) << "absent is success";
}

TEST(RealPath, FollowsLinks) {
  const Scratch scratch;
  const std::string file = scratch.write("a", "");
  ASSERT_EQ(::symlink("a", scratch.path("b").c_str()), 0);
  EXPECT_EQ(real_path(scratch.path("./b")).value(), real_path(file).value());
  EXPECT_EQ(real_path(scratch.path("c")).error().kind(), ErrorKind::not_found);
}

}  // namespace
}  // namespace stoker::os
