#include "stoker/model/synthetic.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "stoker/model/image.hpp"
#include "stoker/model/image_writer.hpp"
#include "stoker/model/shapes.hpp"
#include "stoker/model/tokenizer.hpp"
#include "stoker/os/fd.hpp"
#include "stoker/os/file.hpp"

namespace stoker::model {
namespace {

constexpr std::uint64_t k_fewest_rows = 1024;  // of the vocabulary: the tokenizer needs 280
constexpr std::uint64_t k_row_step = 64;       // engines split and pad vocabularies by this
constexpr std::uint32_t k_most_layers = 1000;
constexpr std::string_view k_private = ".writing-";

struct TextFile {
  std::string name, text;
};

// Everything that will be written, but for the bytes of the tensors.
struct Layout {
  Shape shape;
  std::vector<FileImage> images;
  std::vector<TextFile> texts;  // the index last: with it the model is complete
  std::uint64_t parameters = 0;
  [[nodiscard]] Bytes weight_bytes() const {
    Bytes sum = 0;
    for (const FileImage& image : images) sum += image.bytes;
    return sum;
  }
};

Layout layout_of(const Shape& shape, const SyntheticPlan& plan) {
  Layout layout{shape, {}, {}, 0};
  for (const SyntheticTensor& tensor : hub_tensors(shape)) layout.parameters += tensor.elements();
  if (plan.format == SyntheticFormat::gguf) {
    layout.images.push_back(gguf_image(shape, plan.seed));
    return layout;
  }
  HubImages images = hub_images(shape, plan.seed);
  const Tokenizer tokenizer = tokenizer_of(shape.family);
  layout.images = std::move(images.files);
  layout.texts = {{"config.json", config_json(shape, tokenizer)},
                  {"generation_config.json", generation_config_json(shape, tokenizer)},
                  {"tokenizer.json", tokenizer_json(tokenizer)},
                  {"tokenizer_config.json", tokenizer_config_json(tokenizer, longest_context(shape))}};
  if (!images.index.empty()) layout.texts.push_back({"model.safetensors.index.json", std::move(images.index)});
  return layout;
}

Bytes tensor_bytes(Shape shape, std::uint32_t layers, std::uint64_t rows) {
  shape.layers = layers;
  shape.vocabulary = rows;
  std::uint64_t elements = 0;
  for (const SyntheticTensor& tensor : hub_tensors(shape)) elements += tensor.elements();
  return elements * 2;
}

// Most layers with the whole vocabulary; where that leaves more than 5 % unused, one layer more and fewer rows.
bool shrink(Shape& shape, Bytes budget, bool layers_fixed) {
  const Bytes layer = tensor_bytes(shape, 2, k_row_step) - tensor_bytes(shape, 1, k_row_step);
  const Bytes row = (tensor_bytes(shape, 1, 2 * k_row_step) - tensor_bytes(shape, 1, k_row_step)) / k_row_step;
  const Bytes rest = tensor_bytes(shape, 1, k_row_step) - layer - row * k_row_step;
  const auto whole = [&](std::uint64_t layers) { return rest + layers * layer + row * shape.vocabulary; };
  std::uint64_t layers = shape.layers;
  if (whole(layers) <= budget) return true;
  if (!layers_fixed) {
    while (layers > 1 && whole(layers) > budget) --layers;
    if (whole(layers) <= budget && whole(layers) < budget - budget / 20) ++layers;
  }
  shape.layers = static_cast<std::uint32_t>(layers);
  if (whole(layers) <= budget) return true;
  const Bytes fixed = rest + layers * layer;
  if (fixed >= budget) return false;
  shape.vocabulary = std::min(shape.vocabulary, (budget - fixed) / row / k_row_step * k_row_step);
  return shape.vocabulary >= k_fewest_rows;
}

// Headers count too, and a GGUF's holds the vocabulary: so what the last layout needed beside its tensors is
// taken off the budget of the next.
Result<Layout> fit(const Shape& original, const SyntheticPlan& plan) {
  const Bytes asked = *plan.bytes;
  Bytes budget = asked;
  for (int attempt = 0; attempt < 6; ++attempt) {
    Shape shape = original;
    if (!shrink(shape, budget, plan.layers.has_value())) break;
    Layout layout = layout_of(shape, plan);
    const Bytes got = layout.weight_bytes();
    const bool shrunk = shape.layers != original.layers || shape.vocabulary != original.vocabulary;
    if (got <= asked && (!shrunk || got >= asked - asked / 20)) return layout;
    const Bytes beside = got - layout.parameters * 2;
    if (beside >= asked) break;
    budget = asked - beside;
  }
  Shape least = original;
  least.layers = plan.layers.value_or(1);
  least.vocabulary = k_fewest_rows;
  return fail(ErrorKind::usage, fmt::format("{} cannot be shrunk to within 5 % of {} bytes: its least is {} bytes with {} layer(s) and {} rows", original.name, *plan.bytes,
                                            layout_of(least, plan).weight_bytes(), least.layers, k_fewest_rows));
}

Result<Layout> lay_out(const SyntheticPlan& plan) {
  TRY_ASSIGN(Shape shape, find_shape(plan.shape));
  if (plan.layers && (*plan.layers == 0 || *plan.layers > k_most_layers))
    return fail(ErrorKind::usage, fmt::format("{} layers: 1 to {} are possible", *plan.layers, k_most_layers));
  shape.layers = plan.layers.value_or(shape.layers);
  if (plan.bytes) return fit(shape, plan);
  return layout_of(shape, plan);
}

Synthetic summary_of(const Layout& layout) {
  Synthetic summary{{}, layout.weight_bytes(), layout.parameters, layout.shape.layers};
  for (const FileImage& image : layout.images) summary.files.push_back(image.name);
  for (const TextFile& file : layout.texts) summary.files.push_back(file.name);
  return summary;
}

Status check_empty(const std::string& folder) {
  TRY_ASSIGN(const std::vector<std::string> names, os::list_folder(folder));
  for (const std::string& name : names)
    for (const std::string_view suffix : {".safetensors", ".gguf", ".bin", ".pt", ".pth", ".ckpt", ".index.json"})
      if (name.ends_with(suffix)) return fail(ErrorKind::exists, fmt::format("{} holds weights already ({}): remove them or choose another folder", folder, name));
  return {};
}

Status check_space(const std::string& folder, const Layout& layout) {
  struct statvfs seen {};
  if (::statvfs(folder.c_str(), &seen) != 0) return fail(Error::from_errno(errno, "free space of " + folder));
  Bytes wanted = layout.weight_bytes();
  for (const TextFile& file : layout.texts) wanted += file.text.size();
  const Bytes free = static_cast<Bytes>(seen.f_bavail) * seen.f_frsize;
  if (wanted <= free) return {};
  return fail(ErrorKind::no_space, fmt::format("{} needs {}, {} has {} free", layout.shape.name, format_bytes(wanted), folder, format_bytes(free)));
}

// A folder inside the target in which files become whole before they get their names. Its lock tells a
// writer at work from one that died, whose leftovers the next one removes.
class PrivateFolder {
public:
  static Result<PrivateFolder> make(const std::string& parent) {
    TRY_ASSIGN(std::string path, os::make_private_folder(parent, std::string(k_private)));
    TRY_ASSIGN(os::Fd fd, os::open_file(path, O_RDONLY | O_DIRECTORY));
    ::flock(fd.get(), LOCK_EX | LOCK_NB);
    return PrivateFolder(std::move(path), std::move(fd));
  }
  PrivateFolder(PrivateFolder&& other) noexcept : m_path(std::exchange(other.m_path, {})), m_fd(std::move(other.m_fd)) {}
  PrivateFolder& operator=(PrivateFolder&&) = delete;
  ~PrivateFolder() {
    if (!m_path.empty()) ignore(os::remove_tree(m_path), "it is private; the next writer removes it");
  }
  [[nodiscard]] std::string path_of(const std::string& name) const { return m_path + "/" + name; }

private:
  PrivateFolder(std::string path, os::Fd fd) : m_path(std::move(path)), m_fd(std::move(fd)) {}
  std::string m_path;
  os::Fd m_fd;
};

void remove_leftovers(const std::string& folder) {
  const auto names = os::list_folder(folder);
  if (!names) return;
  for (const std::string& name : *names) {
    if (!name.starts_with(k_private)) continue;
    auto fd = os::open_file(folder + "/" + name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (fd && ::flock(fd->get(), LOCK_EX | LOCK_NB) == 0) ignore(os::remove_tree(folder + "/" + name), "a leftover only takes space");
  }
}

FileImage text_image(const TextFile& file) { return {file.name, file.text, {}, file.text.size()}; }

Status publish(const PrivateFolder& work, const std::string& folder, const std::vector<std::string>& files) {
  for (const std::string& name : files)
    if (std::rename(work.path_of(name).c_str(), (folder + "/" + name).c_str()) != 0) return fail(Error::from_errno(errno, "rename to " + folder + "/" + name));
  TRY_ASSIGN(const os::Fd fd, os::open_file(folder, O_RDONLY | O_DIRECTORY));
  if (::fsync(fd.get()) != 0) return fail(Error::from_errno(errno, "sync " + folder));
  return {};
}

}  // namespace

Result<Synthetic> plan_synthetic(const SyntheticPlan& plan) {
  TRY_ASSIGN(const Layout layout, lay_out(plan));
  return summary_of(layout);
}

Result<Synthetic> write_synthetic(const SyntheticPlan& plan, const std::string& folder, const std::stop_token& stop) {
  TRY_ASSIGN(const Layout layout, lay_out(plan));
  TRY(os::make_folders(folder));
  TRY(check_empty(folder));
  remove_leftovers(folder);
  TRY(check_space(folder, layout));
  TRY_ASSIGN(const PrivateFolder work, PrivateFolder::make(folder));
  for (const FileImage& image : layout.images) TRY(write_image(image, {work.path_of(image.name)}, stop));
  for (const TextFile& file : layout.texts) TRY(write_image(text_image(file), {work.path_of(file.name), 1}, stop));
  Synthetic summary = summary_of(layout);
  TRY(publish(work, folder, summary.files));
  return summary;
}

}  // namespace stoker::model
