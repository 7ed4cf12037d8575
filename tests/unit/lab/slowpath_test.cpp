// The slow path's arithmetic with time as an argument, its queue, its source folder. The mount itself is in
// tests/scenario/test_slowpath.py.
#include "stoker/lab/slowpath.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <thread>

#include "stoker/lab/slowpath_queue.hpp"
#include "stoker/lab/slowpath_source.hpp"

namespace stoker::lab {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
namespace fs = std::filesystem;

os::Stamp at(os::Clock::duration since_start) { return os::Stamp(std::chrono::hours(1)) + since_start; }

PathShape shape(Bytes bandwidth, Seconds latency) { return {bandwidth, latency}; }

// ---- Link

TEST(Link, WithoutAShapeEverythingIsDueOnArrival) {
  Link link({});
  EXPECT_EQ(link.due(at(milliseconds(3)), k_gib), at(milliseconds(3)));
}

TEST(Link, LatencyOverlaps) {
  Link link(shape(0, milliseconds(5)));
  for (int i = 0; i < 64; ++i) EXPECT_EQ(link.due(at(microseconds(i)), 128 * k_kib), at(milliseconds(5) + microseconds(i)));
}

TEST(Link, BytesCrossOneAfterTheOther) {
  Link link(shape(k_mib, Seconds(0)));  // 256 KiB take 250 ms
  EXPECT_EQ(link.due(at(milliseconds(0)), 256 * k_kib), at(milliseconds(250)));
  EXPECT_EQ(link.due(at(milliseconds(0)), 256 * k_kib), at(milliseconds(500)));
  EXPECT_EQ(link.due(at(milliseconds(100)), 256 * k_kib), at(milliseconds(750)));
}

TEST(Link, AnIdleLinkSavesNothingUp) {
  Link link(shape(k_mib, Seconds(0)));
  EXPECT_EQ(link.due(at(milliseconds(0)), 256 * k_kib), at(milliseconds(250)));
  EXPECT_EQ(link.due(at(milliseconds(900)), 256 * k_kib), at(milliseconds(1150)));
}

TEST(Link, TheLaterOfLatencyAndLinkCounts) {
  Link link(shape(k_mib, milliseconds(300)));
  EXPECT_EQ(link.due(at(milliseconds(0)), 256 * k_kib), at(milliseconds(300)));
  EXPECT_EQ(link.due(at(milliseconds(0)), 256 * k_kib), at(milliseconds(500)));
}

TEST(Link, RequestsWithoutBytesDoNotWaitForTheLink) {
  Link link(shape(k_mib, milliseconds(5)));
  EXPECT_EQ(link.due(at(milliseconds(0)), 64 * k_mib), at(milliseconds(64000)));
  EXPECT_EQ(link.due(at(milliseconds(1)), 0), at(milliseconds(6)));
}

// What a saturated link lets through, in time computed and not measured. A request is cut to whole nanoseconds.
TEST(Link, ASaturatedLinkKeepsItsCap) {
  for (const Bytes cap : {50 * k_mib, 200 * k_mib, 2 * k_gib}) {
    Link link(shape(cap, milliseconds(5)));
    os::Stamp last{};
    constexpr int k_requests = 100000;
    for (int i = 0; i < k_requests; ++i) last = link.due(at(milliseconds(0)), 128 * k_kib);
    const double rate = k_requests * 128.0 * 1024 / Seconds(last - at(milliseconds(0))).count();
    EXPECT_NEAR(rate / static_cast<double>(cap), 1, 1e-5) << cap;
  }
}

TEST(PathShapeCheck, RefusesWhatNoClockHolds) {
  EXPECT_TRUE(check({}));
  EXPECT_TRUE(check(shape(4 * k_kib, Seconds(60))));
  EXPECT_EQ(check(shape(4 * k_kib - 1, Seconds(0))).error().kind(), ErrorKind::usage);
  EXPECT_EQ(check(shape(0, Seconds(61))).error().kind(), ErrorKind::usage);
  EXPECT_EQ(check(shape(0, Seconds(9e18))).error().kind(), ErrorKind::usage);
}

// ---- Schedule

Work noting(std::vector<int>& order, int number) {
  return {[&order, number](std::span<std::byte>) { order.push_back(number); }, [&order, number] { order.push_back(-number); }};
}

TEST(Schedule, GivesWhatIsDueInTheOrderOfDueTimes) {
  Schedule schedule;
  std::vector<int> order;
  schedule.add(at(milliseconds(30)), noting(order, 3));
  schedule.add(at(milliseconds(10)), noting(order, 1));
  schedule.add(at(milliseconds(20)), noting(order, 2));
  EXPECT_EQ(schedule.earliest(), at(milliseconds(10)));
  EXPECT_FALSE(schedule.take(at(milliseconds(9))));
  while (const auto work = schedule.take(at(milliseconds(20)))) work->answer({});
  EXPECT_THAT(order, testing::ElementsAre(1, 2));
  EXPECT_EQ(schedule.size(), 1U);
  EXPECT_EQ(schedule.earliest(), at(milliseconds(30)));
}

TEST(Schedule, EqualsKeepTheOrderOfArrival) {
  Schedule schedule;
  std::vector<int> order;
  std::vector<int> expected;
  for (int i = 0; i < 1000; ++i) {
    schedule.add(at(milliseconds(i % 2)), noting(order, i));
    if (i % 2 == 0) expected.push_back(i);
  }
  while (const auto work = schedule.take(at(milliseconds(0)))) work->answer({});
  EXPECT_EQ(order, expected);
}

// ---- DueQueue

TEST(DueQueue, AnswersEachRequestOnceFromManyThreads) {
  DueQueue queue(shape(0, microseconds(200)));
  constexpr int k_requests = 2000;
  std::vector<std::atomic<int>> answers(k_requests);
  std::atomic<int> left{k_requests};
  std::vector<std::jthread> servers;
  for (int i = 0; i < 4; ++i)
    servers.emplace_back([&queue] {
      std::array<std::byte, 16> buffer{};
      queue.serve(buffer);
    });
  for (int i = 0; i < k_requests; ++i)
    queue.book(100, {[&, i](std::span<std::byte> buffer) {
                       EXPECT_EQ(buffer.size(), 16U);
                       ++answers[static_cast<std::size_t>(i)];
                       if (--left == 0) left.notify_all();
                     },
                     [] { ADD_FAILURE() << "refused"; }});
  for (int now = left; now != 0; now = left) left.wait(now);
  queue.close();
  for (const auto& times : answers) EXPECT_EQ(times, 1);
  EXPECT_EQ(queue.counts().requests, 2000U);
  EXPECT_GE(queue.counts().max_in_flight, 1U);
}

TEST(DueQueue, AnEarlierRequestOvertakesALateOne) {
  DueQueue queue(shape(4 * k_kib, Seconds(0)));
  std::atomic<bool> refused{false}, answered{false};
  std::jthread server([&queue] { queue.serve({}); });
  queue.book(k_gib, {[](std::span<std::byte>) { ADD_FAILURE() << "three days early"; }, [&] { refused = true; }});
  queue.book(0, {[&](std::span<std::byte>) {
                   answered = true;
                   answered.notify_all();
                 },
                 [] { ADD_FAILURE() << "refused"; }});
  answered.wait(false);
  EXPECT_FALSE(refused);
  queue.close();
  EXPECT_TRUE(refused);
  EXPECT_EQ(queue.counts().max_in_flight, 2U);
}

TEST(DueQueue, RefusesOnceClosed) {
  DueQueue queue({});
  queue.close();
  bool refused = false;
  queue.book(1, {[](std::span<std::byte>) { ADD_FAILURE() << "answered"; }, [&] { refused = true; }});
  EXPECT_TRUE(refused);
  EXPECT_EQ(queue.counts().requests, 0U);
  queue.serve({});  // returns
}

// A full queue holds the one who books, and close lets it go.
TEST(DueQueue, CloseFreesWhoWaitsForRoom) {
  DueQueue queue(shape(0, Seconds(60)));
  std::atomic<int> refused{0};
  constexpr int k_requests = 20000;
  std::jthread client([&] {
    for (int i = 0; i < k_requests; ++i) queue.book(0, {[](std::span<std::byte>) {}, [&] { ++refused; }});
  });
  while (queue.counts().requests < 16384) std::this_thread::yield();
  queue.close();
  client.join();
  EXPECT_EQ(refused, k_requests);
  EXPECT_EQ(queue.counts().max_in_flight, 16384U);
}

// ---- SourceTree

class Source : public testing::Test {
protected:
  void SetUp() override {
    const auto made = os::make_private_folder(os::temporary_folder(), "slowpath-");
    ASSERT_TRUE(made);
    folder = *made;
    fs::create_directories(folder + "/source/sub");
    fs::create_directories(folder + "/outside");
    write("source/a", "alpha");
    write("source/sub/b", "beta");
    write("outside/secret", "secret");
    auto opened = SourceTree::open(folder + "/source");
    ASSERT_TRUE(opened) << opened.error().message();
    tree = std::move(*opened);
  }
  void TearDown() override { fs::remove_all(folder); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(folder + "/" + name) << text; }
  NodeId node(NodeId parent, const std::string& name) {
    const auto found = tree->look_up(parent, name);
    EXPECT_TRUE(found) << found.error().message();
    return found ? found->id : 0;
  }
  std::string read(NodeId id) {
    const auto fd = tree->open_file(id);
    if (!fd) return "error " + std::to_string(fd.error().os_errno());
    std::array<char, 64> text{};
    const auto got = ::pread(fd->get(), text.data(), text.size(), 0);
    return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
  }
  int error_of(NodeId parent, const std::string& name) {
    const auto found = tree->look_up(parent, name);
    return found ? 0 : found.error().os_errno();
  }

  std::string folder;
  std::unique_ptr<SourceTree> tree;
};

TEST_F(Source, FindsAndReads) {
  EXPECT_EQ(read(node(k_root_node, "a")), "alpha");
  EXPECT_EQ(read(node(node(k_root_node, "sub"), "b")), "beta");
  EXPECT_EQ(error_of(k_root_node, "gone"), ENOENT);
  EXPECT_EQ(error_of(4711, "a"), ESTALE);
}

TEST_F(Source, TheSameInodeIsTheSameNodeUntilForgotten) {
  fs::create_hard_link(folder + "/source/a", folder + "/source/again");
  const NodeId first = node(k_root_node, "a");
  EXPECT_EQ(node(k_root_node, "a"), first);
  EXPECT_EQ(node(k_root_node, "again"), first);
  EXPECT_EQ(tree->nodes(), 1U);
  tree->forget(first, 2);
  EXPECT_EQ(tree->nodes(), 1U);
  tree->forget(first, 1);
  EXPECT_EQ(tree->nodes(), 0U);
  EXPECT_EQ(read(first), "error " + std::to_string(ESTALE));
  EXPECT_NE(node(k_root_node, "a"), first);
}

TEST_F(Source, ForgetsNoMoreThanThereIs) {
  tree->forget(k_root_node, 1000);
  tree->forget(99, 1);
  tree->forget(node(k_root_node, "a"), 1000);
  EXPECT_EQ(tree->nodes(), 0U);
  EXPECT_TRUE(tree->facts(k_root_node));
}

TEST_F(Source, LinksAreShownAndNeverFollowed) {
  fs::create_symlink("../outside", folder + "/source/way");
  fs::create_symlink("/etc/passwd", folder + "/source/file");
  const NodeId way = node(k_root_node, "way");
  EXPECT_TRUE(S_ISLNK(tree->facts(way)->st_mode));
  EXPECT_EQ(*tree->link_target(way), "../outside");
  EXPECT_NE(error_of(way, "secret"), 0);
  EXPECT_EQ(read(node(k_root_node, "file")), "error " + std::to_string(ELOOP));
}

TEST_F(Source, NoNameLeadsOut) {
  for (const auto* name : {"..", "../outside/secret", "/etc/passwd", "sub/../../outside/secret", ""})
    EXPECT_NE(error_of(k_root_node, name), 0) << name;
}

TEST_F(Source, AFolderSwappedForALinkDoesNotLeadOut) {
  const NodeId sub = node(k_root_node, "sub");
  write("source/sub/secret", "harmless");
  const NodeId secret = node(sub, "secret");
  fs::rename(folder + "/source/sub", folder + "/moved");
  fs::create_symlink(folder + "/outside", folder + "/source/sub");
  EXPECT_EQ(error_of(sub, "secret"), ELOOP);
  EXPECT_EQ(read(secret), "error " + std::to_string(ELOOP));
  EXPECT_FALSE(tree->open_folder(sub));
}

TEST_F(Source, AnotherFileInItsPlaceIsStale) {
  const NodeId a = node(k_root_node, "a");
  write("source/new", "other");
  fs::rename(folder + "/source/new", folder + "/source/a");
  EXPECT_EQ(read(a), "error " + std::to_string(ESTALE));
  EXPECT_EQ(read(node(k_root_node, "a")), "other");
}

TEST_F(Source, OnlyRegularFilesAreOpened) {
  ASSERT_EQ(::mkfifo((folder + "/source/pipe").c_str(), 0600), 0);
  EXPECT_EQ(read(node(k_root_node, "pipe")), "error " + std::to_string(EACCES));  // and does not hang
  EXPECT_EQ(read(node(k_root_node, "sub")), "error " + std::to_string(EACCES));
  EXPECT_EQ(tree->open_folder(node(k_root_node, "a")).error().os_errno(), ENOTDIR);
}

TEST_F(Source, HostileNames) {
  for (const std::string& name : {std::string("new\nline"), std::string("\xff\xfe"), std::string(" "), std::string("-rf"), std::string(255, 'x')}) {
    write("source/" + name, name);
    EXPECT_EQ(read(node(k_root_node, name)), name.substr(0, 64));
  }
  EXPECT_EQ(error_of(k_root_node, std::string(256, 'x')), ENAMETOOLONG);
}

// ---- places and FUSE itself

TEST_F(Source, PlacesMustExistBeFoldersAndApart) {
  const std::string source = folder + "/source", point = folder + "/point";
  const auto kind = [](const auto& result) { return result ? std::nullopt : std::optional(result.error().kind()); };
  EXPECT_EQ(kind(check_places(source, point)), ErrorKind::not_found);
  fs::create_directory(point);
  EXPECT_EQ(kind(check_places(folder + "/gone", point)), ErrorKind::not_found);
  EXPECT_EQ(kind(check_places(source + "/a", point)), ErrorKind::usage);
  EXPECT_EQ(kind(check_places(source, source + "/a")), ErrorKind::usage);
  EXPECT_EQ(kind(check_places(source, folder + "/outside")), ErrorKind::usage);  // not empty
  EXPECT_EQ(kind(check_places(source, source)), ErrorKind::usage);
  EXPECT_EQ(kind(check_places(source, folder)), ErrorKind::usage);
  fs::create_directory(source + "/empty");
  EXPECT_EQ(kind(check_places(source, source + "/empty")), ErrorKind::usage);
  fs::create_directory_symlink(source + "/empty", folder + "/sly");
  EXPECT_EQ(kind(check_places(source, folder + "/sly")), ErrorKind::usage);
  fs::create_directory(folder + "/source-two");  // a longer name is no folder inside
  EXPECT_FALSE(kind(check_places(source, folder + "/source-two")));
  const auto places = check_places(source, point);
  ASSERT_TRUE(places);
  EXPECT_EQ(places->point, fs::canonical(point));
}

TEST_F(Source, WithoutTheDeviceItSaysWhatIsMissing) {
  const auto checked = check_fuse(os::Root(folder));
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().kind(), ErrorKind::unsupported);
  EXPECT_THAT(checked.error().message(), testing::AllOf(testing::HasSubstr("/dev/fuse"), testing::HasSubstr("modprobe fuse")));
}

}  // namespace
}  // namespace stoker::lab
