#include "stoker/os/block.hpp"

#include <fmt/core.h>

#include <filesystem>

#include "stoker/base/text.hpp"
#include "stoker/os/file.hpp"

namespace stoker::os {
namespace {

constexpr Bytes k_sector = 512;  // of /sys/…/stat, whatever the device's own sectors are

std::string device_folder(std::uint32_t major, std::uint32_t minor, const Root& root) {
  return root.path(fmt::format("/sys/dev/block/{}:{}", major, minor));
}

std::optional<std::uint64_t> number_fact(const std::string& path) {
  const auto text = read_fact(path);
  std::uint64_t number = 0;
  if (!text || !parse_number(*text, number)) return std::nullopt;
  return number;
}

// "none [mq-deadline] kyber" → "mq-deadline"; a device with a single choice may write it bare.
std::string active_scheduler(std::string_view text) {
  const std::size_t open = text.find('['), close = text.find(']');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return std::string(trim(text));
  return std::string(text.substr(open + 1, close - open - 1));
}

// What a person would know the device by: its product, its volume name, the file behind a loop.
std::string model_of(const std::string& disk) {
  for (const char* source : {"/device/model", "/dm/name", "/loop/backing_file"})
    if (const auto text = read_fact(disk + source); text && !text->empty()) return printable(*text, 100);
  return {};
}

}  // namespace

std::optional<BlockDevice> block_device(std::uint32_t major, std::uint32_t minor, const Root& root) {
  const auto folder = real_path(device_folder(major, minor, root));
  if (!folder) return std::nullopt;
  std::filesystem::path disk(*folder);
  if (look_at(*folder + "/partition")) disk = disk.parent_path();
  const std::string queue = disk.string() + "/queue/";
  BlockDevice device;
  device.name = disk.filename().string();
  device.model = model_of(disk.string());
  device.scheduler = active_scheduler(read_fact(queue + "scheduler").value_or(""));
  device.read_ahead_kib = number_fact(queue + "read_ahead_kb");
  if (const auto rotational = number_fact(queue + "rotational")) device.rotational = *rotational != 0;
  return device;
}

std::optional<std::string> loop_backing_file(std::uint32_t major, std::uint32_t minor, const Root& root) {
  const auto folder = real_path(device_folder(major, minor, root));
  if (!folder) return std::nullopt;
  std::filesystem::path disk(*folder);
  if (look_at(*folder + "/partition")) disk = disk.parent_path();
  return read_fact(disk.string() + "/loop/backing_file");
}

std::optional<Bytes> device_read_bytes(std::uint32_t major, std::uint32_t minor, const Root& root) {
  const auto text = read_fact(device_folder(major, minor, root) + "/stat");
  if (!text) return std::nullopt;
  const auto fields = split_blank(*text);
  std::uint64_t sectors = 0;
  if (fields.size() < 3 || !parse_number(fields[2], sectors)) return std::nullopt;
  return sectors * k_sector;
}

}  // namespace stoker::os
