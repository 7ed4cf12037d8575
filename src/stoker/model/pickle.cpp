// Unpickling a file runs whatever code the file asks for. So this machine has the stack, the marks and the memo
// of Python's, but its values are descriptions: an import is its name, a call is what the call is known to
// build or nothing. Reading is linear in the bytes; every byte makes at most one value.
#include "stoker/model/pickle.hpp"

#include <fmt/core.h>

#include <limits>
#include <unordered_map>

#include "stoker/base/text.hpp"
#include "stoker/model/pickle_values.hpp"

namespace stoker::model {
namespace {

using Kind = Value::Kind;

constexpr std::size_t k_most_values = 2'000'000;  // 80 bytes each; a checkpoint of 10 000 tensors makes 200 000
constexpr std::size_t k_most_imports = 2'000;
constexpr std::uint64_t k_most_steps = 20'000'000;  // bounds stack, marks and memo too; such a checkpoint takes 600 000
constexpr Bytes k_longest_text = 256;  // of what is kept; longer ones are data

class Machine {
public:
  explicit Machine(Cursor& cursor) : m_cursor(cursor) {}

  Result<PickleListing> run() {
    for (std::uint64_t steps = 0; m_cursor.ok() && !m_stopped; ++steps) {
      if (steps == k_most_steps) return refused(fmt::format("a pickle of more than {} steps", k_most_steps));
      step(m_cursor.u8());
    }
    TRY(m_cursor.status());
    if (m_stack.empty()) return refused("the pickle stops with nothing on its stack");
    describe(m_arena, m_stack.back(), m_listing);
    return std::move(m_listing);
  }

private:
  tl::unexpected<Error> refused(const std::string& why) {
    m_cursor.refuse(why);
    return fail(m_cursor.status().error());
  }

  void push(Value value) {
    if (m_arena.size() >= k_most_values) return m_cursor.refuse(fmt::format("a pickle of more than {} values", k_most_values));
    m_arena.push_back(std::move(value));
    m_stack.push_back(static_cast<Place>(m_arena.size() - 1));
  }
  void push_number(std::uint64_t number) { push({Kind::number, number, {}, {}}); }
  void push_signed(std::int64_t number) { number < 0 ? push({}) : push_number(static_cast<std::uint64_t>(number)); }
  void push_text(Bytes length) { push({Kind::text, 0, m_cursor.text(length, k_longest_text), {}}); }
  void push_data(Bytes length) {
    m_cursor.skip(length);
    push({});
  }

  Place pop() {
    const std::size_t floor = m_marks.empty() ? 0 : m_marks.back();
    if (m_stack.size() <= floor) {
      m_cursor.refuse(fmt::format("no pickle: the stack is empty at byte {}", m_cursor.position()));
      if (m_arena.empty()) m_arena.emplace_back();
      return 0;
    }
    const Place place = m_stack.back();
    m_stack.pop_back();
    return place;
  }
  std::vector<Place> pop_to_mark() {
    if (m_marks.empty()) {
      m_cursor.refuse(fmt::format("no pickle: no mark at byte {}", m_cursor.position()));
      return {};
    }
    const auto from = m_stack.begin() + static_cast<std::ptrdiff_t>(m_marks.back());
    std::vector<Place> items(from, m_stack.end());
    m_stack.erase(from, m_stack.end());
    m_marks.pop_back();
    return items;
  }
  // POP takes a mark where nothing stands above it.
  void drop() {
    if (!m_marks.empty() && m_stack.size() == m_marks.back())
      m_marks.pop_back();
    else
      pop();
  }
  Place top() {
    const Place place = pop();
    if (m_cursor.ok()) m_stack.push_back(place);
    return place;
  }

  void push_tuple(std::size_t count) {
    Value tuple{Kind::tuple, 0, {}, std::vector<Place>(count)};
    for (std::size_t i = count; i-- > 0;) tuple.items[i] = pop();
    push(std::move(tuple));
  }
  void append(const std::vector<Place>& items, Kind kind) {
    Value& target = m_arena[top()];
    if (m_cursor.ok() && target.kind == kind) target.items.insert(target.items.end(), items.begin(), items.end());
  }
  void append_pair() {
    const Place value = pop();
    const Place key = pop();
    append({key, value}, Kind::dict);
  }

  void import(const std::string& module, const std::string& name) {
    std::string full = module + "." + name;
    if (m_cursor.ok() && m_listing.imports.size() < k_most_imports) m_listing.imports.insert(full);
    push({Kind::import, 0, std::move(full), {}});
  }
  void import_line() {
    const std::string module = m_cursor.line(k_longest_text);
    import(module, m_cursor.line(k_longest_text));
  }
  void import_stack() {
    const Value& name = m_arena[pop()];
    const Value& module = m_arena[pop()];
    if (!m_cursor.ok()) return;
    const bool texts = name.kind == Kind::text && module.kind == Kind::text;
    import(texts ? std::string(module.text) : "(computed)", texts ? std::string(name.text) : "(computed)");
  }
  void call() {
    const Place arguments = pop();
    const Place callable = pop();
    if (m_cursor.ok()) push(value_of_call(m_arena, callable, arguments));
  }
  // State that a call's result is given: what a pickled module keeps its tensors in.
  void build() {
    const Place state = pop();
    Value& target = m_arena[top()];
    if (!m_cursor.ok() || target.kind != Kind::other || m_arena[state].kind != Kind::dict) return;
    target.kind = Kind::dict;
    target.items = {state, state};  // a dictionary as key has no name: its entries keep their own
  }
  void persistent_id() {
    const Place id = pop();
    if (m_cursor.ok()) push(value_of_persistent_id(m_arena, id));
  }

  void put(std::uint64_t index) { m_memo[index] = top(); }
  void get(std::uint64_t index) {
    const auto found = m_memo.find(index);
    if (found == m_memo.end()) return m_cursor.refuse(fmt::format("no pickle: nothing kept under {} at byte {}", index, m_cursor.position()));
    m_stack.push_back(found->second);
  }
  std::uint64_t line_number() {
    std::uint64_t number = 0;
    const std::string line = m_cursor.line(64);
    if (!parse_number(trim(line), number)) number = std::numeric_limits<std::uint64_t>::max();
    return number;
  }
  // torch's magic number has ten bytes, 0x1950a86a20f9469cfc6c; other long ones carry nothing we need.
  void long_number(Bytes length) {
    if (length == 10) {
      const std::uint16_t low = m_cursor.u16();
      const std::uint64_t high = m_cursor.u64();
      m_listing.torch_magic |= low == 0xfc6c && high == 0x1950a86a20f9469c;
      return push({});
    }
    if (length > 8) return push_data(length);
    const std::uint64_t number = length == 0 ? 0 : m_cursor.number(static_cast<unsigned>(length));
    const bool negative = length > 0 && (number >> (8 * length - 1) & 1) != 0;
    negative ? push({}) : push_number(number);
  }

  void step(std::uint8_t code);
  bool step_scalar(std::uint8_t code);
  bool step_text(std::uint8_t code);
  bool step_container(std::uint8_t code);
  bool step_object(std::uint8_t code);
  bool step_stack(std::uint8_t code);

  Cursor& m_cursor;
  Arena m_arena;
  std::vector<Place> m_stack;
  std::vector<std::size_t> m_marks;
  std::unordered_map<std::uint64_t, Place> m_memo;
  PickleListing m_listing;
  bool m_stopped = false;
};

bool Machine::step_scalar(std::uint8_t code) {
  switch (code) {
    case 'N': case 0x88: case 0x89: push({}); return true;
    case 'F': m_cursor.line(1); push({}); return true;
    case 'G': push_data(8); return true;
    case 'I': case 'L': push_number(line_number()); return true;
    case 'J': push_signed(static_cast<std::int32_t>(m_cursor.u32())); return true;
    case 'K': push_number(m_cursor.u8()); return true;
    case 'M': push_number(m_cursor.u16()); return true;
    case 0x8a: long_number(m_cursor.u8()); return true;
    case 0x8b: long_number(m_cursor.u32()); return true;
    default: return false;
  }
}

bool Machine::step_text(std::uint8_t code) {
  switch (code) {
    case 'S': case 'V': push({Kind::text, 0, m_cursor.line(k_longest_text), {}}); return true;
    case 'U': case 0x8c: push_text(m_cursor.u8()); return true;
    case 'T': case 'X': push_text(m_cursor.u32()); return true;
    case 0x8d: push_text(m_cursor.u64()); return true;
    case 'C': push_data(m_cursor.u8()); return true;
    case 'B': push_data(m_cursor.u32()); return true;
    case 0x8e: case 0x96: push_data(m_cursor.u64()); return true;
    case 0x97: push({}); return true;
    default: return false;
  }
}

bool Machine::step_container(std::uint8_t code) {
  switch (code) {
    case ')': push({Kind::tuple, 0, {}, {}}); return true;
    case ']': case 0x8f: push({Kind::list, 0, {}, {}}); return true;
    case '}': push({Kind::dict, 0, {}, {}}); return true;
    case 't': push({Kind::tuple, 0, {}, pop_to_mark()}); return true;
    case 'l': case 0x91: push({Kind::list, 0, {}, pop_to_mark()}); return true;
    case 'd': push({Kind::dict, 0, {}, pop_to_mark()}); return true;
    case 0x85: push_tuple(1); return true;
    case 0x86: push_tuple(2); return true;
    case 0x87: push_tuple(3); return true;
    case 'a': append({pop()}, Kind::list); return true;
    case 'e': case 0x90: append(pop_to_mark(), Kind::list); return true;
    case 's': append_pair(); return true;
    case 'u': append(pop_to_mark(), Kind::dict); return true;
    default: return false;
  }
}

bool Machine::step_object(std::uint8_t code) {
  switch (code) {
    case 'c': import_line(); return true;
    case 0x93: import_stack(); return true;
    case 'i': import_line(); pop(); pop_to_mark(); push({}); return true;
    case 'o': pop_to_mark(); push({}); return true;
    case 'R': case 0x81: call(); return true;
    case 0x92: pop(); pop(); pop(); push({}); return true;
    case 'b': build(); return true;
    case 'P': m_cursor.line(1); push({}); return true;
    case 'Q': persistent_id(); return true;
    case 0x82: m_cursor.skip(1); import("(extension registry)", "1"); return true;
    case 0x83: m_cursor.skip(2); import("(extension registry)", "2"); return true;
    case 0x84: m_cursor.skip(4); import("(extension registry)", "4"); return true;
    default: return false;
  }
}

bool Machine::step_stack(std::uint8_t code) {
  switch (code) {
    case '.': m_stopped = true; return true;
    case '(': m_marks.push_back(m_stack.size()); return true;
    case '0': drop(); return true;
    case '1': pop_to_mark(); return true;
    case '2': m_stack.push_back(top()); return true;
    case 'p': put(line_number()); return true;
    case 'q': put(m_cursor.u8()); return true;
    case 'r': put(m_cursor.u32()); return true;
    case 0x94: put(m_memo.size()); return true;
    case 'g': get(line_number()); return true;
    case 'h': get(m_cursor.u8()); return true;
    case 'j': get(m_cursor.u32()); return true;
    case 0x80: m_cursor.skip(1); return true;
    case 0x95: m_cursor.skip(8); return true;  // FRAME: only a hint of what to buffer
    case 0x98: return true;
    default: return false;
  }
}

void Machine::step(std::uint8_t code) {
  if (step_stack(code) || step_text(code) || step_container(code) || step_scalar(code) || step_object(code)) return;
  m_cursor.refuse(fmt::format("no pickle: opcode 0x{:02x} at byte {}", code, m_cursor.position() - 1));
}

}  // namespace

Result<PickleListing> list_pickle(Cursor& cursor) { return Machine(cursor).run(); }

}  // namespace stoker::model
