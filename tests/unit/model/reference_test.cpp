#include "stoker/model/reference.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "unit/model/scratch.hpp"

namespace stoker::model {
namespace {

using ::testing::HasSubstr;

class Reference : public ::testing::Test {
protected:
  Scratch m_scratch;
  Places m_places{m_scratch.path("store"), m_scratch.path("hub")};

  void in_store(const std::string& name, time_t written) {
    (void)m_scratch.write("store/models/" + name + "/model.safetensors", "x");
    const timespec times[2] = {{written, 0}, {written, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, m_scratch.path("store/models/" + name).c_str(), times, 0), 0);
  }
  std::string found(const std::string& written) {
    const auto located = locate(written, m_places);
    return located ? located->from + " " + located->path.substr(m_scratch.path().size() + 1) : std::string(stoker::to_string(located.error().kind()));
  }
};

TEST_F(Reference, APathThatExistsIsTakenAsItIs) {
  const std::string file = m_scratch.write("m/model.safetensors", "x");
  const auto located = locate(file, m_places);
  ASSERT_TRUE(located);
  EXPECT_EQ(located->path, file);
  EXPECT_EQ(located->from, "directory");
  EXPECT_EQ(locate("file://" + file, m_places)->path, file);
}

TEST_F(Reference, TheStoreComesFirstAndItsNewestRevision) {
  in_store("org/name/aaaa", 1000);
  in_store("org/name/bbbb", 3000);
  in_store("org/name/cccc", 2000);
  (void)m_scratch.write("hub/models--org--name/snapshots/dddd/config.json", "{}");
  (void)m_scratch.write("hub/models--org--name/refs/main", "dddd");
  EXPECT_EQ(found("org/name"), "store store/models/org/name/bbbb");
  EXPECT_EQ(found("org/name@main"), "store store/models/org/name/bbbb");
  EXPECT_EQ(found("org/name@aaaa"), "store store/models/org/name/aaaa");
  EXPECT_EQ(found("org/name@aa"), "store store/models/org/name/aaaa");
  EXPECT_EQ(found("org/name@dddd"), "hub cache hub/models--org--name/snapshots/dddd");
  EXPECT_EQ(found("org/name@eeee"), "not found");
}

TEST_F(Reference, TheHubCacheByRefAndByCommit) {
  (void)m_scratch.write("hub/models--org--name/snapshots/dddd/config.json", "{}");
  (void)m_scratch.write("hub/models--org--name/refs/main", "dddd\n");
  (void)m_scratch.write("hub/models--gpt2/snapshots/eeee/config.json", "{}");
  (void)m_scratch.write("hub/models--gpt2/refs/main", "../../../store");
  EXPECT_EQ(found("org/name"), "hub cache hub/models--org--name/snapshots/dddd");
  EXPECT_EQ(found("gpt2@eeee"), "hub cache hub/models--gpt2/snapshots/eeee");
  EXPECT_EQ(found("gpt2"), "not found");
}

TEST_F(Reference, NamesThatAreNone) {
  EXPECT_EQ(found(""), "usage");
  EXPECT_EQ(found("../name"), "not found");
  EXPECT_EQ(found("org/.."), "usage");
  EXPECT_EQ(found("org/../../etc"), "usage");
  EXPECT_EQ(found(std::string("a\0b", 3)), "usage");
}

TEST_F(Reference, SourcesHaveToBeStaged) {
  for (const char* source : {"hf://org/name", "s3://bucket/x", "https://example.org/x"}) {
    const auto located = locate(source, m_places);
    ASSERT_FALSE(located);
    EXPECT_EQ(located.error().kind(), ErrorKind::unsupported);
    EXPECT_THAT(located.error().message(), HasSubstr("stage it first"));
  }
}

TEST_F(Reference, NotFoundSaysWhereWasLooked) {
  const auto located = locate("org/absent", m_places);
  ASSERT_FALSE(located);
  EXPECT_THAT(located.error().message(), HasSubstr(m_places.store));
  EXPECT_THAT(located.error().message(), HasSubstr(m_places.hub_cache));
}

}  // namespace
}  // namespace stoker::model
