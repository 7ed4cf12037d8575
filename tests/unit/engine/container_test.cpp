// Real containers by podman, without a daemon and without a registry.
#include "stoker/engine/container.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <random>

#include "stoker/engine/readiness.hpp"
#include "stoker/os/block.hpp"
#include "stoker/os/mounts.hpp"
#include "unit/engine/scripted_server.hpp"

namespace stoker::engine {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* k_image = "stoker-test:1";
constexpr int k_package_missing = 77;

// Empty when podman works here, else why these tests cannot run. Makes the image, once.
const std::string& why_not() {
  static const std::string reason = []() -> std::string {
    if (::geteuid() != 0) return "real containers are tested as root only";
    const auto made = os::run_to_end({.argv = {STOKER_FIXTURES "/../scenario/containers/make_image.sh", k_image}, .environment = {}}, Seconds(100));
    if (!made) return made.error().message();
    if (made->exit.code == k_package_missing) return made->output;
    EXPECT_EQ(made->exit.code, 0) << made->output;
    return made->exit.code == 0 ? "" : made->output;
  }();
  return reason;
}

class ContainerTest : public ScriptedServer {
protected:
  void SetUp() override {
    if (!why_not().empty()) GTEST_SKIP() << "no podman containers here: " << why_not();
    ScriptedServer::SetUp();
    m_name = fmt::format("stoker-{}-{}", ::getpid(), m_port);
  }
  void TearDown() override {
    if (m_name.empty()) return;
    ignore(podman({"rm", "-f", "-i", "-t", "0", m_name}), "it is gone already when all is well");
    ScriptedServer::TearDown();
  }

  static Result<os::Finished> podman(std::vector<std::string> words) {
    words.insert(words.begin(), "podman");
    return os::run_to_end({.argv = words, .environment = {}}, k_plenty);
  }
  // runc may not raise limits above its own: without the ulimits it refuses in a nested place.
  [[nodiscard]] std::vector<std::string> run(const std::vector<std::string>& flags, const std::vector<std::string>& inside) const {
    std::vector<std::string> words{"podman", "--runtime", "runc", "run", "--memory", "256m", "--ulimit", "nofile=20000:20000",
                                   "--ulimit", "nproc=4096:4096"};
    words.insert(words.end(), flags.begin(), flags.end());
    words.emplace_back(k_image);
    words.insert(words.end(), inside.begin(), inside.end());
    return words;
  }
  [[nodiscard]] std::vector<std::string> httpd() const { return {"httpd", "-f", "-p", std::to_string(m_port), "-h", "/www"}; }
  Result<Server> launch(const std::vector<std::string>& argv) const { return Server::launch({.kind = Kind::command, .argv = argv, .port = m_port}); }
  // The id of the container of this name; empty when there is none.
  static std::string id_of(const std::string& name) {
    const auto found = podman({"ps", "--all", "--quiet", "--no-trunc", "--filter", "name=" + name});
    return found ? found->output.substr(0, found->output.find('\n')) : "";
  }

  std::string m_name;
};

TEST_F(ContainerTest, IsReadyAndStoppedById) {
  auto server = launch(run({"--rm", "--network", "host", "--name", m_name}, httpd()));
  ASSERT_TRUE(server) << server.error().message();
  const auto ready = server->wait_ready(k_plenty, {});
  ASSERT_TRUE(ready) << ready.error().message();
  EXPECT_FALSE(id_of(m_name).empty());

  std::vector<std::string> names;
  std::vector<pid_t> pids;
  for (const auto& process : server->processes()) {
    names.push_back(process.name);
    pids.push_back(process.pid);
  }
  EXPECT_THAT(names, Contains("httpd"));
  const auto stopped = server->stop(Seconds(1));
  EXPECT_TRUE(stopped) << stopped.error().message();
  for (const pid_t pid : pids) EXPECT_FALSE(os::process(pid)) << os::command_line(pid);
  EXPECT_EQ(id_of(m_name), "");
  EXPECT_TRUE(os::port_is_free(m_port));
}

TEST_F(ContainerTest, IsFoundWithoutAName) {
  auto server = launch(run({"--rm", "--network=host"}, httpd()));
  ASSERT_TRUE(server) << server.error().message();
  const auto ready = server->wait_ready(k_plenty, {});
  ASSERT_TRUE(ready) << ready.error().message();
  EXPECT_TRUE(server->stop(Seconds(0)));
}

TEST_F(ContainerTest, ADetachedOneIsFollowedBeyondItsClient) {
  auto server = launch(run({"-d", "--rm", "--network", "host", "--name", m_name},
                           {"sh", "-c", fmt::format("echo loading; exec httpd -f -p {} -h /www", m_port)}));
  ASSERT_TRUE(server) << server.error().message();
  const auto ready = server->wait_ready(k_plenty, {});
  ASSERT_TRUE(ready) << ready.error().message();
  EXPECT_FALSE(server->exit());
  const os::Stamp begun = os::now();
  while (!said(*server, "loading") && os::since(begun) < k_plenty) {}
  EXPECT_TRUE(said(*server, "loading"));
  EXPECT_TRUE(server->stop(Seconds(0)));
  EXPECT_EQ(id_of(m_name), "");
}

// The engine listens on 80 in a network of its own; on the host a forwarder of podman's holds the port.
TEST_F(ContainerTest, IsReadyBehindAPublishedPort) {
  const std::string published = fmt::format("127.0.0.1:{}:80", m_port);
  const auto probe = os::run_to_end({.argv = run({"--rm", "-p", published}, {"echo", "bridged"}), .environment = {}}, k_plenty);
  ASSERT_TRUE(probe) << probe.error().message();
  if (probe->exit.code != 0) GTEST_SKIP() << "no bridged containers here: " << probe->output;
  auto server = launch(run({"--rm", "-p", published, "--name", m_name}, {"httpd", "-f", "-p", "80", "-h", "/www"}));
  ASSERT_TRUE(server) << server.error().message();
  const auto ready = server->wait_ready(k_plenty, {});
  ASSERT_TRUE(ready) << ready.error().message();
  EXPECT_TRUE(server->stop(Seconds(0)));
  EXPECT_TRUE(os::port_is_free(m_port));
}

TEST_F(ContainerTest, NamesThePortInsideThatItListensOnInstead) {
  auto server = launch(run({"--rm", "--network", "none", "--name", m_name}, {"httpd", "-f", "-p", "81", "-h", "/www"}));
  ASSERT_TRUE(server) << server.error().message();
  std::stop_source listens;
  ignore(server->wait_ready(k_plenty, listens.get_token(), [&] {
    for (const auto& process : server->processes())
      if (process.name == "httpd" && !ports_of({process.pid}).empty()) listens.request_stop();
  }), "cancelled by the tick");
  const auto ready = server->wait_ready(Seconds(0), {});
  ASSERT_FALSE(ready);
  EXPECT_THAT(ready.error().message(), HasSubstr("listens on port 81 instead"));
}

TEST_F(ContainerTest, SaysHowItEnded) {
  for (const char* how : {"--detach=false", "-d"}) {
    auto server = launch(run({how, "--network=host", "--name", m_name}, {"sh", "-c", "echo out of memory; exit 3"}));
    ASSERT_TRUE(server) << server.error().message();
    const auto ready = server->wait_ready(k_plenty, {});
    ASSERT_FALSE(ready);
    EXPECT_EQ(ready.error().kind(), ErrorKind::ended) << ready.error().message();
    EXPECT_THAT(ready.error().message(), HasSubstr("exit code 3")) << how;
    EXPECT_THAT(server->last_lines(1), ElementsAre("out of memory")) << how;
    EXPECT_TRUE(server->stop(Seconds(0)));
    EXPECT_FALSE(id_of(m_name).empty()) << "without --rm it is left as the user asked";
    ASSERT_TRUE(podman({"rm", "-f", m_name}));
  }
}

TEST_F(ContainerTest, AnInterruptedStartLeavesNothing) {
  {
    auto server = launch(run({"--rm", "--network", "host", "--name", m_name}, httpd()));
    ASSERT_TRUE(server) << server.error().message();
  }  // at once: its client has not made a container yet, or just now
  EXPECT_EQ(id_of(m_name), "");
  EXPECT_TRUE(os::port_is_free(m_port));
}

// A file that nobody has in memory, read by the container past the page cache.
TEST_F(ContainerTest, ReadsAreAccountedByItsCgroup) {
  constexpr Bytes k_bytes = 8 * k_mib;
  std::vector<char> data(k_bytes);
  std::mt19937 random(1);
  for (auto& byte : data) byte = static_cast<char>(random());
  std::ofstream(file("weights"), std::ios::binary).write(data.data(), static_cast<std::streamsize>(data.size())).flush();
  auto server = launch(run({"--rm", "--network", "host", "--name", m_name, "-v", m_folder + ":/data:ro"},
                           {"sh", "-c", fmt::format("dd if=/data/weights of=/dev/null bs=1M iflag=direct; exec httpd -f -p {} -h /www", m_port)}));
  ASSERT_TRUE(server) << server.error().message();
  const auto ready = server->wait_ready(k_plenty, {});
  ASSERT_TRUE(ready) << ready.error().message();
  const auto usage = server->usage();
  const auto mount = os::mount_of(m_folder);
  ASSERT_TRUE(mount);
  ASSERT_TRUE(usage.storage_read_bytes);
  if (os::block_device(mount->major, mount->minor)) {
    EXPECT_GE(*usage.storage_read_bytes, k_bytes);
  }
}

TEST_F(ContainerTest, AProgramThatIsNoRuntimeIsUnavailable) {
  auto command = *parse_container({"podman", "--root", "/proc/nowhere", "run", k_image});
  const auto ids = container_ids(command);
  ASSERT_FALSE(ids);
  EXPECT_EQ(ids.error().kind(), ErrorKind::unavailable) << ids.error().message();
}

TEST_F(ContainerTest, OtherContainersAreNeverTaken) {
  const auto command = *parse_container(run({}, {"httpd", "-f", "-v"}));
  const auto before = container_ids(command);
  ASSERT_TRUE(before) << before.error().message();
  auto other = run({"-d", "--name", m_name}, {"httpd", "-f"});
  ASSERT_TRUE(os::run_to_end({.argv = other, .environment = {}}, k_plenty));
  const auto found = find_container(command, *before);
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_FALSE(*found) << "another command in the same image";
}

}  // namespace
}  // namespace stoker::engine
