#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "stoker/engine/python.hpp"
#include "stoker/os/file.hpp"

namespace stoker::engine {
namespace {

using Environment = std::map<std::string, std::optional<std::string>>;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::Field;
using testing::Key;
using testing::Not;

class Caches : public testing::Test {
protected:
  void SetUp() override {
    const auto folder = os::make_private_folder(os::temporary_folder(), "caches-");
    ASSERT_TRUE(folder);
    m_folder = *folder;
  }
  void TearDown() override { EXPECT_TRUE(os::remove_tree(m_folder)); }
  void write(const std::string& path, std::size_t bytes) const {
    const std::string whole = m_folder + "/" + path;
    ASSERT_TRUE(os::make_folders(whole.substr(0, whole.rfind('/'))));
    std::ofstream(whole) << std::string(bytes, 'x');
  }
  // Nothing of ours shines through.
  [[nodiscard]] Environment bare() const {
    Environment environment = {{"HOME", m_folder}, {"TMPDIR", m_folder + "/tmp"}, {"LOGNAME", "llm"}};
    for (const char* name : {"XDG_CACHE_HOME", "VLLM_CACHE_ROOT", "TRITON_CACHE_DIR", "TRITON_HOME", "FLASHINFER_WORKSPACE_BASE",
                             "CUDA_CACHE_PATH", "TORCHINDUCTOR_CACHE_DIR"})
      environment[name] = std::nullopt;
    return environment;
  }
  std::string m_folder;
};

record::FileState named(const std::vector<record::FileState>& states, std::string_view what) {
  for (const auto& state : states)
    if (state.what == what) return state;
  ADD_FAILURE() << what;
  return {};
}

TEST_F(Caches, lie_where_engines_keep_them) {
  const auto states = cache_states(bare());
  ASSERT_EQ(states.size(), 5U);
  EXPECT_EQ(named(states, "vllm compile cache").path, m_folder + "/.cache/vllm/torch_compile_cache");
  EXPECT_EQ(named(states, "triton cache").path, m_folder + "/.triton/cache");
  EXPECT_EQ(named(states, "flashinfer cache").path, m_folder + "/.cache/flashinfer");
  EXPECT_EQ(named(states, "cuda cache").path, m_folder + "/.nv/ComputeCache");
  EXPECT_EQ(named(states, "inductor cache").path, m_folder + "/tmp/torchinductor_llm");
  EXPECT_THAT(states, Each(Field(&record::FileState::state, "empty")));
}

TEST_F(Caches, follow_their_variables) {
  auto environment = bare();
  environment["XDG_CACHE_HOME"] = "/xdg";
  EXPECT_EQ(named(cache_states(environment), "vllm compile cache").path, "/xdg/vllm/torch_compile_cache");
  environment["VLLM_CACHE_ROOT"] = "/v";
  environment["TRITON_HOME"] = "/t";
  EXPECT_EQ(named(cache_states(environment), "vllm compile cache").path, "/v/torch_compile_cache");
  EXPECT_EQ(named(cache_states(environment), "triton cache").path, "/t/.triton/cache");
}

TEST_F(Caches, filled_says_how_much) {
  write(".triton/cache/a/kernel.cubin", 1024);
  write(".triton/cache/b/kernel.cubin", 1024);
  write(".nv/ComputeCache/index", 100);
  const auto states = cache_states(bare());
  EXPECT_THAT(named(states, "triton cache"), AllOf(Field(&record::FileState::state, "filled"), Field(&record::FileState::bytes, Bytes{2048}),
                                                   Field(&record::FileState::reason, "2.00 KiB in 2 files")));
  EXPECT_EQ(named(states, "cuda cache").reason, "100 B in 1 file");
}

TEST_F(Caches, a_folder_without_files_is_empty) {
  ASSERT_TRUE(os::make_folders(m_folder + "/.triton/cache/a"));
  EXPECT_EQ(named(cache_states(bare()), "triton cache").state, "empty");
}

TEST_F(Caches, a_fresh_environment_has_all_of_them_empty_below_its_folder) {
  write(".triton/cache/a/kernel.cubin", 1024);
  auto environment = bare();
  for (const auto& [name, value] : fresh_environment(m_folder + "/fresh")) environment[name] = value;
  for (const auto& state : cache_states(environment)) {
    EXPECT_EQ(state.state, "empty") << state.what;
    EXPECT_TRUE(state.path.starts_with(m_folder + "/fresh/")) << state.path;
  }
  EXPECT_THAT(environment, Contains(Key("PYTHONPYCACHEPREFIX")));
  EXPECT_THAT(fresh_environment("/f"), Not(Contains(Key("XDG_CACHE_HOME"))));
}

}  // namespace
}  // namespace stoker::engine
