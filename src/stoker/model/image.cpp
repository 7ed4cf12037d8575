#include "stoker/model/image.hpp"

#include <algorithm>
#include <cstring>

namespace stoker::model {

void render(const FileImage& image, Bytes offset, std::span<std::byte> out) {
  const Bytes end = offset + out.size();
  Bytes at = offset;
  if (at < image.header.size()) {
    const Bytes piece = std::min<Bytes>(image.header.size(), end) - at;
    std::memcpy(out.data(), image.header.data() + at, static_cast<std::size_t>(piece));
    at += piece;
  }
  auto extent = std::partition_point(image.extents.begin(), image.extents.end(), [at](const Extent& e) { return e.offset + e.bytes <= at; });
  for (; at < end && extent != image.extents.end(); ++extent) {
    if (extent->offset > at) {
      const Bytes gap = std::min(extent->offset, end) - at;
      std::memset(out.data() + (at - offset), 0, static_cast<std::size_t>(gap));
      at += gap;
    }
    const Bytes piece = std::min(extent->offset + extent->bytes, end) - at;
    const auto part = out.subspan(static_cast<std::size_t>(at - offset), static_cast<std::size_t>(piece));
    const Part of{extent->stream, extent->element, at - extent->offset};
    extent->ones ? fill_ones(of, part) : fill_random(of, part);
    at += piece;
  }
  if (at < end) std::memset(out.data() + (at - offset), 0, static_cast<std::size_t>(end - at));
}

}  // namespace stoker::model
