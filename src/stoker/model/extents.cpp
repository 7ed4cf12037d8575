#include "stoker/model/extents.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <tuple>

#include "stoker/base/text.hpp"

namespace stoker::model {
namespace {

constexpr std::size_t k_told = 8;  // findings of one kind and file

Bytes align_up(Bytes value, Bytes alignment) {
  const Bytes over = value % alignment;
  return over == 0 ? value : value + (alignment - over);
}

class Telling {
public:
  Telling(std::string path, bool error, std::vector<Finding>& findings) : m_path(std::move(path)), m_error(error), m_findings(findings) {}
  void say(std::string what) {
    if (++m_count <= k_told) m_findings.push_back({m_error, m_path, std::move(what)});
  }
  void end(std::string_view kind) {
    if (m_count > k_told) m_findings.push_back({m_error, m_path, fmt::format("{} more {}", m_count - k_told, kind)});
  }

private:
  std::string m_path;
  bool m_error;
  std::vector<Finding>& m_findings;
  std::size_t m_count = 0;
};

}  // namespace

void check_extents(Shard& shard, const DataArea& area, std::vector<Finding>& findings) {
  std::sort(shard.tensors.begin(), shard.tensors.end(), [](const Tensor& a, const Tensor& b) {
    return std::tie(a.offset, a.bytes, a.name) < std::tie(b.offset, b.bytes, b.name);
  });
  Telling overlaps(shard.path, true, findings);
  Telling holes(shard.path, false, findings);
  Bytes end = area.begin;
  const Tensor* last = nullptr;
  for (const Tensor& tensor : shard.tensors) {
    if (tensor.bytes == 0) continue;
    if (last != nullptr && tensor.offset < end)
      overlaps.say(fmt::format("tensors {} and {} overlap at byte {}", printable(last->name, 120), printable(tensor.name, 120), tensor.offset));
    else if (tensor.offset > align_up(end, area.alignment))
      holes.say(fmt::format("{} bytes before tensor {} belong to no tensor", tensor.offset - end, printable(tensor.name, 120)));
    if (tensor.offset + tensor.bytes >= end) last = &tensor;
    end = std::max(end, tensor.offset + tensor.bytes);
  }
  overlaps.end("overlaps");
  holes.end("holes");
  if (shard.bytes > align_up(end, area.alignment))
    findings.push_back({false, shard.path, fmt::format("{} bytes after the last tensor", shard.bytes - end)});
}

}  // namespace stoker::model
