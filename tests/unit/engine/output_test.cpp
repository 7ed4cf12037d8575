#include "stoker/engine/output.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <array>
#include <random>

#include "stoker/base/text.hpp"

namespace stoker::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> texts(const LineStore& store) {
  std::vector<std::string> found;
  for (const auto& line : store.lines()) found.push_back(line.text);
  return found;
}

TEST(LineStoreTest, CutsAtNewlinesAndCarriageReturns) {
  LineStore store;
  EXPECT_THAT(store.add("a\nb\r\n10%\r20%\rc", Seconds(1)), ElementsAre("a", "b", "10%", "20%"));
  EXPECT_THAT(texts(store), ElementsAre("a", "b", "10%", "20%"));
  EXPECT_THAT(store.finish(Seconds(2)), ElementsAre("c"));
  EXPECT_EQ(store.lines().back().at, Seconds(2));
}

TEST(LineStoreTest, ALineIsStampedWhenItsEndIsRead) {
  LineStore store;
  store.add("half ", Seconds(1));
  EXPECT_THAT(store.lines(), IsEmpty());
  EXPECT_THAT(store.last(3), ElementsAre("half "));
  store.add("done\n", Seconds(2));
  ASSERT_EQ(store.lines().size(), 1U);
  EXPECT_EQ(store.lines()[0].at, Seconds(2));
  EXPECT_EQ(store.lines()[0].text, "half done");
}

TEST(LineStoreTest, EmptyLinesAreDropped) {
  LineStore store;
  store.add("\n\n\r\nx\n\n", Seconds(1));
  store.finish(Seconds(1));
  EXPECT_THAT(texts(store), ElementsAre("x"));
}

TEST(LineStoreTest, ALineIsCutAt4KiB) {
  LineStore store;
  for (int i = 0; i < 3; ++i) store.add(std::string(3000, 'x'), Seconds(1));
  store.add("y\nnext\n", Seconds(1));
  ASSERT_EQ(store.lines().size(), 2U);
  EXPECT_EQ(store.lines()[0].text, std::string(k_line_bytes, 'x'));
  EXPECT_EQ(store.lines()[1].text, "next");
}

TEST(LineStoreTest, KeepsTheFirstAndTheLast) {
  LineStore store;
  const std::size_t count = k_first_lines + 3 * k_last_lines;
  for (std::size_t i = 0; i < count; ++i) store.add(std::to_string(i) + "\n", Seconds(1));
  const auto lines = store.lines();
  ASSERT_EQ(lines.size(), k_first_lines + k_last_lines);
  EXPECT_EQ(lines.front().text, "0");
  EXPECT_EQ(lines[k_first_lines - 1].text, std::to_string(k_first_lines - 1));
  EXPECT_EQ(lines[k_first_lines].text, std::to_string(count - k_last_lines));
  EXPECT_EQ(lines.back().text, std::to_string(count - 1));
  EXPECT_THAT(store.last(2), ElementsAre(std::to_string(count - 2), std::to_string(count - 1)));
  EXPECT_EQ(store.last(k_last_lines + 5).size(), k_last_lines + 5) << "reaches back into the first ones";
}

TEST(LineStoreTest, HowTheBytesArriveDoesNotMatter) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "ab\n\r\0 "[random() % 6];
  LineStore whole, pieces;
  whole.add(text, Seconds(1));
  whole.finish(Seconds(1));
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = 1 + random() % 9;
    pieces.add(std::string_view(text).substr(at, size), Seconds(1));
    at += size;
  }
  pieces.finish(Seconds(1));
  EXPECT_EQ(texts(whole), texts(pieces));
}

class OutputTest : public ::testing::Test {
protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    m_read = os::Fd(ends[0]);
    m_write = os::Fd(ends[1]);
  }
  void write(std::string_view text) const { ASSERT_EQ(::write(m_write.get(), text.data(), text.size()), static_cast<ssize_t>(text.size())); }

  os::Fd m_read, m_write;
};

TEST_F(OutputTest, ReadsUntilTheWriterIsGone) {
  const Output output(m_read, os::now(), "");
  write("one\ntwo");
  EXPECT_FALSE(output.await_end(Seconds(0)));
  m_write = os::Fd();
  ASSERT_TRUE(output.await_end(Seconds(60)));
  EXPECT_THAT(output.last(5), ElementsAre("one", "two"));
  EXPECT_GE(output.lines()[0].at.count(), 0);
}

TEST_F(OutputTest, TheWriterNeverWaitsForReaders) {
  const Output output(m_read, os::now(), "");
  for (int i = 0; i < 3000; ++i) write(std::string(999, 'x') + "\n");  // far more than a pipe holds
  m_write = os::Fd();
  ASSERT_TRUE(output.await_end(Seconds(60)));
  EXPECT_EQ(output.lines().size(), 3000U);
}

TEST_F(OutputTest, StopsThoughAStrangerKeepsThePipeOpen) {
  { const Output output(m_read, os::now(), ""); }
  write("nobody reads this\n");
}

}  // namespace
}  // namespace stoker::engine
