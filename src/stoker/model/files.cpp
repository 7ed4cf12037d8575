#include "stoker/model/files.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "stoker/base/text.hpp"
#include "stoker/os/file.hpp"

namespace stoker::model {
namespace {

constexpr Bytes k_index_limit = 100'000'000;  // a million tensors of a hundred bytes each

// Beside the weights of a training run; engines pass over them too.
constexpr std::array<std::string_view, 8> k_not_weights{"training_args.bin", "optimizer.bin", "optimizer.pt", "scheduler.pt",
                                                        "scheduler.bin",     "scaler.pt",     "rng_state.pth", "args.bin"};
// In the order of preference: the first that a folder has is what its engine reads.
struct Family {
  std::string_view suffix;
  Format format;
};
constexpr std::array k_families{Family{".safetensors", Format::safetensors}, Family{".gguf", Format::gguf}, Family{".bin", Format::pickle},
                                Family{".pt", Format::pickle},               Family{".pth", Format::pickle}, Family{".ckpt", Format::pickle}};

bool names_weights(const std::string& name, std::string_view suffix) {
  return name.size() > suffix.size() && name.front() != '.' && name.ends_with(suffix) &&
         std::find(k_not_weights.begin(), k_not_weights.end(), name) == k_not_weights.end();
}

std::string beside(const std::string& folder, const std::string& name) {
  return folder.ends_with('/') ? folder + name : folder + "/" + name;
}

Status check_present(const std::string& path, const std::string& wanted_by) {
  auto facts = os::look_at(path);
  if (!facts && facts.error().kind() == ErrorKind::not_found)
    return fail(ErrorKind::not_found, fmt::format("{} names {}, which is absent", wanted_by, printable(path)));
  if (!facts) return fail(std::move(facts).error());
  if (!facts->regular) return fail(ErrorKind::invalid, fmt::format("{}: not a regular file", printable(path)));
  if (facts->bytes == 0) return fail(ErrorKind::invalid, fmt::format("{}: a weight file of zero bytes", printable(path)));
  return {};
}

Result<Chosen> by_index(const std::string& folder, const std::string& name, Format format) {
  Chosen chosen{format, {}, std::nullopt, beside(folder, name)};
  TRY_ASSIGN(const std::string text, os::read_text(chosen.index_path, k_index_limit));
  auto index = parse_index(text);
  if (!index) return fail(std::move(index).error().context(chosen.index_path));
  for (const std::string& shard : index->shards) {
    chosen.files.push_back(beside(folder, shard));
    TRY(check_present(chosen.files.back(), chosen.index_path));
  }
  chosen.index = std::move(*index);
  return chosen;
}

// "name-00002-of-00003.gguf" → "name-", 3.
struct Split {
  std::string stem;
  std::uint64_t count = 0;
};
std::optional<Split> split_of(const std::string& name) {
  constexpr std::size_t k_tail = 19;  // "00002-of-00003.gguf"
  if (name.size() <= k_tail) return std::nullopt;
  const std::string_view tail = std::string_view(name).substr(name.size() - k_tail);
  std::uint64_t number = 0;
  Split split{name.substr(0, name.size() - k_tail), 0};
  if (!split.stem.ends_with('-') || tail.substr(5, 4) != "-of-" || !parse_number(tail.substr(0, 5), number) || !parse_number(tail.substr(9, 5), split.count))
    return std::nullopt;
  return number >= 1 && number <= split.count ? std::optional(split) : std::nullopt;
}

Result<std::vector<std::string>> split_siblings(const std::string& folder, const Split& split) {
  std::vector<std::string> files;
  for (std::uint64_t i = 1; i <= split.count; ++i) {
    files.push_back(beside(folder, fmt::format("{}{:05}-of-{:05}.gguf", split.stem, i, split.count)));
    TRY(check_present(files.back(), fmt::format("split GGUF {}", beside(folder, split.stem + "*"))));
  }
  return files;
}

Result<Chosen> choose_one_file(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  TRY(check_present(path, path));
  for (const Family& family : k_families) {
    if (!name.ends_with(family.suffix)) continue;
    Chosen chosen{family.format, {path}, std::nullopt, {}};
    const auto split = family.format == Format::gguf ? split_of(name) : std::nullopt;
    if (split) {
      TRY_ASSIGN(chosen.files, split_siblings(folder, *split));
    }
    return chosen;
  }
  return fail(ErrorKind::invalid, fmt::format("{}: not a weight file by its name (.safetensors, .gguf, .bin, .pt, .pth, .ckpt)", path));
}

// model.<suffix>.index.json before any other index of the family.
std::string index_among(const std::vector<std::string>& names, std::string_view suffix) {
  const std::string tail = fmt::format("{}.index.json", suffix);
  std::string found;
  for (const std::string& name : names) {
    if (!name.ends_with(tail) || name.front() == '.') continue;
    if (name == "model" + tail || name == "pytorch_model" + tail) return name;
    if (found.empty()) found = name;
  }
  return found;
}

Result<Chosen> choose_family(const std::string& folder, const std::vector<std::string>& names, const Family& family) {
  Chosen chosen{family.format, {}, std::nullopt, {}};
  for (const std::string& name : names) {
    if (!names_weights(name, family.suffix)) continue;
    const auto split = family.format == Format::gguf ? split_of(name) : std::nullopt;
    chosen.files.push_back(beside(folder, name));
    TRY(check_present(chosen.files.back(), folder));
    if (split) {
      TRY(split_siblings(folder, *split));
    }
  }
  return chosen;
}

}  // namespace

Result<Chosen> choose_files(const std::string& path) {
  TRY_ASSIGN(const os::FileFacts facts, os::look_at(path));
  if (!facts.directory) return choose_one_file(path);
  TRY_ASSIGN(const std::vector<std::string> names, os::list_folder(path));
  for (const Family& family : k_families) {
    if (const std::string index = index_among(names, family.suffix); !index.empty()) return by_index(path, index, family.format);
    TRY_ASSIGN(Chosen chosen, choose_family(path, names, family));
    if (!chosen.files.empty()) return chosen;
  }
  return fail(ErrorKind::not_found, fmt::format("{}: no weights in it (*.safetensors, *.gguf, *.bin, *.pt, *.pth, *.ckpt)", path));
}

}  // namespace stoker::model
