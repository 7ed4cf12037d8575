#include <gmock/gmock.h>

#include "stoker/base/text.hpp"
#include "stoker/engine/container.hpp"

namespace stoker::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

std::vector<std::string> words(std::string_view line) {
  std::vector<std::string> found;
  for (std::string_view word : split_blank(line)) found.emplace_back(word);
  return found;
}

struct Spelling {
  const char* line;
  const char* image;
  const char* command;
};

class SpellingTest : public ::testing::TestWithParam<Spelling> {};

TEST_P(SpellingTest, FindsImageAndCommand) {
  const auto found = parse_container(words(GetParam().line));
  ASSERT_TRUE(found) << GetParam().line;
  EXPECT_EQ(found->image, GetParam().image) << GetParam().line;
  EXPECT_EQ(join(found->command, " "), GetParam().command) << GetParam().line;
}

constexpr Spelling k_spellings[] = {
    {"docker run img", "img", ""},
    {"docker run img serve --port 8000 -d", "img", "serve --port 8000 -d"},
    {"podman run --rm img x", "img", "x"},
    {"podman container run --rm img x", "img", "x"},
    {"docker container run img", "img", ""},
    {"/usr/bin/docker run --gpus all img", "img", ""},
    {"docker run --gpus=all img", "img", ""},
    {"docker run --runtime nvidia --gpus all -v ~/.cache:/root/.cache --env HF_TOKEN -p 8000:8000 --ipc=host vllm/vllm-openai:latest --model q",
     "vllm/vllm-openai:latest", "--model q"},
    {"docker run -itd img x", "img", "x"},
    {"docker run -it -d --name e img x", "img", "x"},
    {"docker run -dp 80:80 img x", "img", "x"},
    {"docker run -dp80:80 img x", "img", "x"},
    {"docker run -p=80:80 img x", "img", "x"},
    {"docker run -p 80:80 -p81:81 img x", "img", "x"},
    {"docker run -e A=b -eC=d -e=E=f img", "img", ""},
    {"docker run -m 8g -c 512 -u 0 -w /w -h host -l a=b img", "img", ""},
    {"docker run --rm=true --init --privileged --read-only img x", "img", "x"},
    {"docker run --rm=false --sig-proxy=false -t=true img x", "img", "x"},
    {"docker run --shm-size 16g --ulimit memlock=-1 --ulimit stack=67108864 img", "img", ""},
    {"docker run --device /dev/fuse --cap-add SYS_ADMIN --security-opt seccomp=unconfined img", "img", ""},
    {"docker run --mount type=bind,src=/a,dst=/b img", "img", ""},
    {"docker run --entrypoint python3 img -m vllm", "img", "-m vllm"},
    {"docker run --entrypoint= img", "img", ""},
    {"docker run --an-option-of-next-year 5 img x", "img", "x"},
    {"docker run --an-option-of-next-year=5 img x", "img", "x"},
    {"docker run -- img --rm", "img", "--rm"},
    {"podman run --replace --name=e --tls-verify=false img", "img", ""},
    {"podman run --tls-verify img", "img", ""},
    {"podman run -q --pull never img", "img", ""},
    {"podman run --rootfs /srv/root sh", "/srv/root", "sh"},
    {"podman run --device nvidia.com/gpu=all img", "img", ""},
    {"podman --runtime runc run --rm img x", "img", "x"},
    {"podman --runtime=runc --log-level debug run img", "img", ""},
    {"podman --root /r --runroot /rr --storage-opt a=b run img", "img", ""},
    {"podman -c machine run img", "img", ""},
    {"podman -r run img", "img", ""},
    {"docker -H tcp://10.0.0.1:2375 run img", "img", ""},
    {"docker --context lab -D run img", "img", ""},
    {"docker --config /c -l debug --tls run img", "img", ""},
    {"sudo docker run img x", "img", "x"},
    {"sudo -E docker run img x", "img", "x"},
    {"sudo -u root -n podman run img x", "img", "x"},
    {"sudo --user=root DOCKER_HOST=unix:///x docker run img", "img", ""},
    {"env A=b C=d podman run img x", "img", "x"},
    {"env -i PATH=/usr/bin podman run img x", "img", "x"},
    {"env -u HOME podman run img x", "img", "x"},
    {"nice -n 5 docker run img", "img", ""},
    {"sudo env A=b nice docker run img", "img", ""},
};
INSTANTIATE_TEST_SUITE_P(All, SpellingTest, ::testing::ValuesIn(k_spellings));

class NoContainerTest : public ::testing::TestWithParam<const char*> {};

TEST_P(NoContainerTest, IsNothing) { EXPECT_FALSE(parse_container(words(GetParam()))) << GetParam(); }

INSTANTIATE_TEST_SUITE_P(All, NoContainerTest,
                         ::testing::Values("", "vllm serve q", "docker", "docker ps", "docker run", "docker run --rm", "docker run -p 80:80",
                                           "docker exec -it x run img", "docker compose run service", "podman start e", "sudo", "sudo -u root",
                                           "sudo vllm serve q", "env A=b", "mydocker run img", "docker --host", "run img", "podman pod run img"));

ContainerCommand parsed(std::string_view line) {
  auto found = parse_container(words(line));
  EXPECT_TRUE(found) << line;
  return found.value_or(ContainerCommand{});
}

TEST(ParseContainerTest, KeepsWhatOurOwnCallsBeginWith) {
  EXPECT_EQ(parsed("podman run img").runtime, "podman");
  EXPECT_THAT(parsed("podman run img").client, ElementsAre("podman"));
  EXPECT_THAT(parsed("sudo -n podman --runtime runc container run img").client, ElementsAre("sudo", "-n", "podman", "--runtime", "runc"));
  EXPECT_EQ(parsed("sudo -n /usr/bin/podman --runtime runc run img").runtime, "/usr/bin/podman");
}

TEST(ParseContainerTest, KnowsTheSwitches) {
  EXPECT_TRUE(parsed("docker run -d img").detached);
  EXPECT_TRUE(parsed("docker run -itd img").detached);
  EXPECT_TRUE(parsed("docker run --detach=true img").detached);
  EXPECT_FALSE(parsed("docker run --detach=false img").detached);
  EXPECT_FALSE(parsed("docker run img -d").detached);
  EXPECT_TRUE(parsed("docker run --rm img").removes);
  EXPECT_FALSE(parsed("docker run --rm=false img").removes);
  EXPECT_FALSE(parsed("docker run -e --rm img").removes) << "--rm is the value of -e here";
}

TEST(ParseContainerTest, KnowsNameAndCidfile) {
  EXPECT_EQ(parsed("docker run --name e img").name, "e");
  EXPECT_EQ(parsed("docker run --name=e img").name, "e");
  EXPECT_FALSE(parsed("docker run img --name e").name);
  EXPECT_EQ(parsed("docker run --cidfile /tmp/id img").cidfile, "/tmp/id");
}

TEST(ParseContainerTest, KnowsTheHostNetwork) {
  EXPECT_TRUE(parsed("docker run --network host img").host_network);
  EXPECT_TRUE(parsed("docker run --network=host img").host_network);
  EXPECT_TRUE(parsed("docker run --net=host img").host_network);
  EXPECT_TRUE(parsed("docker run --net host img").host_network);
  EXPECT_FALSE(parsed("docker run --network bridge img").host_network);
  EXPECT_FALSE(parsed("docker run img").host_network);
}

TEST(ParseContainerTest, ReadsPublishedPorts) {
  EXPECT_THAT(parsed("docker run -p 8000:80 img").ports, ElementsAre(Pair(8000, 80)));
  EXPECT_THAT(parsed("docker run --publish=127.0.0.1:8000:80/tcp img").ports, ElementsAre(Pair(8000, 80)));
  EXPECT_THAT(parsed("docker run --publish [::1]:8000:80 img").ports, ElementsAre(Pair(8000, 80)));
  EXPECT_THAT(parsed("docker run -p 8000-8002:80-82 img").ports, ElementsAre(Pair(8000, 80), Pair(8001, 81), Pair(8002, 82)));
  EXPECT_THAT(parsed("docker run -p 1:2 -p 3:4 img").ports, ElementsAre(Pair(1, 2), Pair(3, 4)));
}

TEST(ParseContainerTest, LeavesPortsThatNobodyKnowsYet) {
  for (const char* published : {"80", "127.0.0.1::80", "8000:80/udp", "8000-8001:80", "x:y", "0:80", "70000:80", "9-8:9-8", ":", ""})
    EXPECT_THAT(parsed(std::string("docker run --publish=") + published + " img").ports, IsEmpty()) << published;
  EXPECT_LE(parsed("docker run -p 1-65535:1-65535 img").ports.size(), 4096U);
}

}  // namespace
}  // namespace stoker::engine
