#include "stoker/model/weights.hpp"

#include <fmt/core.h>

#include <map>
#include <unordered_map>

#include "stoker/base/text.hpp"
#include "stoker/model/checkpoint.hpp"
#include "stoker/model/files.hpp"
#include "stoker/model/gguf.hpp"
#include "stoker/model/safetensors.hpp"

namespace stoker::model {
namespace {

constexpr std::size_t k_told = 8;  // findings of one kind

Result<Shard> read_shard(Format format, const std::string& path, std::vector<Finding>& findings) {
  TRY_ASSIGN(const Source source, open_source(path));
  if (format == Format::safetensors) return read_safetensors(source, findings);
  if (format == Format::pickle) return read_checkpoint(source, findings);
  TRY_ASSIGN(Gguf file, read_gguf(source, findings));
  return std::move(file.shard);
}

class Complaints {
public:
  Complaints(std::vector<Finding>& findings, std::string path) : m_findings(findings), m_path(std::move(path)) {}
  void say(std::string what) {
    if (++m_count <= k_told) m_findings.push_back({true, m_path, std::move(what)});
  }
  void end() {
    if (m_count > k_told) m_findings.push_back({true, m_path, fmt::format("{} more tensors like these", m_count - k_told)});
  }

private:
  std::vector<Finding>& m_findings;
  std::string m_path;
  std::size_t m_count = 0;
};

// A tensor of two shards: which one an engine takes depends on its order of reading.
void check_repeats(Inspection& inspection) {
  std::unordered_map<std::string_view, const Shard*> seen;
  for (const Shard& shard : inspection.shards) {
    Complaints complaints(inspection.findings, shard.path);
    for (const Tensor& tensor : shard.tensors)
      if (const auto [at, fresh] = seen.emplace(tensor.name, &shard); !fresh && at->second != &shard)
        complaints.say(fmt::format("tensor {} is in {} as well", printable(tensor.name, 120), at->second->path));
    complaints.end();
  }
}

// What the index maps to a shard must be there; what a shard holds beyond that, engines pass over.
void check_index(const Chosen& chosen, Inspection& inspection) {
  std::unordered_map<std::string_view, std::size_t> holder;
  for (std::size_t i = 0; i < inspection.shards.size(); ++i)
    for (const Tensor& tensor : inspection.shards[i].tensors) holder.emplace(tensor.name, i);
  Complaints complaints(inspection.findings, chosen.index_path);
  for (const auto& [name, place] : chosen.index->tensors) {
    const auto found = holder.find(name);
    if (found == holder.end() || found->second != place)
      complaints.say(fmt::format("tensor {} is not in {}, where the index maps it", printable(name, 120), printable(chosen.index->shards[place], 120)));
  }
  complaints.end();
}

}  // namespace

std::string_view to_string(Format format) {
  switch (format) {
    case Format::safetensors: return "safetensors";
    case Format::gguf: return "gguf";
    case Format::pickle: return "pickle";
  }
  return "unknown";
}

Bytes Inspection::bytes() const {
  Bytes sum = 0;
  for (const Shard& shard : shards) sum += shard.bytes;
  return sum;
}

std::uint64_t Inspection::parameters() const {
  std::uint64_t sum = 0;
  for (const Shard& shard : shards)
    for (const Tensor& tensor : shard.tensors) sum += tensor.parameters;
  return sum;
}

Result<std::vector<std::string>> weight_files(const std::string& path) {
  TRY_ASSIGN(Chosen chosen, choose_files(path));
  return std::move(chosen.files);
}

Result<Inspection> inspect(const std::string& path) {
  TRY_ASSIGN(const Chosen chosen, choose_files(path));
  Inspection inspection;
  inspection.format = chosen.format;
  for (const std::string& file : chosen.files) {
    TRY_ASSIGN(Shard shard, read_shard(chosen.format, file, inspection.findings));
    inspection.shards.push_back(std::move(shard));
  }
  check_repeats(inspection);
  // A checkpoint that is listed by its members has no tensor names to compare.
  if (chosen.index && chosen.format != Format::pickle) check_index(chosen, inspection);
  return inspection;
}

}  // namespace stoker::model
