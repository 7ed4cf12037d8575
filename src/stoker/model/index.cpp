#include "stoker/model/index.hpp"

#include <fmt/core.h>

#include <map>
#include <unordered_set>

#include "stoker/model/sax.hpp"

namespace stoker::model {
namespace {

constexpr int k_deepest = 16;  // of what stands beside weight_map and is passed over

bool stays_in_folder(const std::string& name) {
  return !name.empty() && name.size() <= 255 && name != "." && name != ".." && name.find('/') == std::string::npos &&
         name.find('\\') == std::string::npos && name.find('\0') == std::string::npos;
}

class IndexSax final : public StrictSax {
public:
  std::map<std::string, std::size_t> shards;
  std::vector<std::pair<std::string, std::string>> tensors;
  bool found = false;

  bool null() override { return elsewhere("null"); }
  bool boolean(bool) override { return elsewhere("a boolean"); }
  bool number_integer(number_integer_t) override { return elsewhere("a number"); }
  bool number_unsigned(number_unsigned_t) override { return elsewhere("a number"); }
  bool number_float(number_float_t, const string_t&) override { return elsewhere("a number"); }
  bool start_array(std::size_t) override { return elsewhere("an array") && deeper(); }
  bool end_array() override { return --m_depth >= 0; }
  bool start_object(std::size_t) override {
    if (m_depth == 1 && m_key == "weight_map") {
      if (found) return because("weight_map stands twice");
      found = m_inside = true;
      return deeper();
    }
    return (m_depth == 0 || elsewhere("an object")) && deeper();
  }
  bool end_object() override {
    if (--m_depth == 1) m_inside = false;
    return true;
  }
  bool key(string_t& name) override {
    if (m_depth == 1 || m_inside) m_key = name;
    return !m_inside || m_names.insert(name).second || because(fmt::format("tensor {} stands twice in weight_map", printable(name, 120)));
  }
  bool string(string_t& text) override {
    if (!m_inside) return elsewhere("a string");
    if (!stays_in_folder(text)) return because(fmt::format("shard name '{}' leaves the folder", printable(text, 120)));
    shards.emplace(text, 0);
    tensors.emplace_back(m_key, text);
    return true;
  }

protected:
  [[nodiscard]] std::string where() const override { return m_inside ? fmt::format("for {}", printable(m_key, 120)) : "at the top"; }

private:
  bool elsewhere(std::string_view what) {
    if (m_inside || m_depth == 0 || (m_depth == 1 && m_key == "weight_map")) return refuse(what);
    return true;
  }
  bool deeper() { return ++m_depth <= k_deepest || because(fmt::format("nested deeper than {}", k_deepest)); }

  int m_depth = 0;
  bool m_inside = false;
  std::string m_key;
  std::unordered_set<std::string> m_names;
};

}  // namespace

Result<Index> parse_index(std::string_view text) {
  IndexSax sax;
  TRY(parse_strictly(text, sax));
  if (!sax.found) return fail(ErrorKind::invalid, "no weight_map in it");
  if (sax.tensors.empty()) return fail(ErrorKind::invalid, "weight_map is empty");
  Index index;
  for (auto& [name, place] : sax.shards) {
    place = index.shards.size();
    index.shards.push_back(name);
  }
  index.tensors.reserve(sax.tensors.size());
  for (auto& [tensor, shard] : sax.tensors) index.tensors.emplace_back(std::move(tensor), sax.shards.at(shard));
  return index;
}

}  // namespace stoker::model
