// Every tensor's bytes into memory of its own, in one of the ways that engines have.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/base/units.hpp"
#include "stoker/lab/engine.hpp"
#include "stoker/model/weights.hpp"

namespace stoker::lab {

// Anonymous memory that is given back. Movable; one thread at a time.
class Memory {
public:
  // Errors: no_space.
  static Result<Memory> reserve(Bytes bytes);
  Memory(Memory&& other) noexcept;
  Memory& operator=(Memory&&) = delete;
  ~Memory();
  [[nodiscard]] std::span<std::byte> bytes() const { return {m_data, m_size}; }

private:
  Memory(std::byte* data, std::size_t size) : m_data(data), m_size(size) {}
  std::byte* m_data;
  std::size_t m_size;
};

// A tensor in memory. With direct reads the region begins and ends at block edges around the tensor.
struct Loaded {
  Memory memory;
  Bytes slack = 0;  // bytes of the region before the tensor
  Bytes bytes = 0;
  [[nodiscard]] std::span<const std::byte> tensor() const { return memory.bytes().subspan(static_cast<std::size_t>(slack), static_cast<std::size_t>(bytes)); }
};

// Ranges of a shard that an engine needs: its tensors; of a pickle the whole file, for it is unpacked in one go.
struct Range {
  Bytes offset = 0;
  Bytes bytes = 0;
};
std::vector<Range> ranges_of(const model::Inspection& inspection, const model::Shard& shard);

// Reads the ranges of one file. Errors: io, invalid (the file became shorter), no_space, cancelled;
// unsupported for direct on a filesystem without it.
struct LoadPlan {
  std::string path;
  std::vector<Range> ranges;
  Load load = Load::mmap;
};
Result<std::vector<Loaded>> load_file(const LoadPlan& plan, const std::stop_token& stop);

}  // namespace stoker::lab
