#include "h5ad_body.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <mutex>
#include <set>
#include <stdexcept>

#include <latentcell/io/h5ad.hpp>

namespace serve {

using lc::text;

namespace {

// Debian's HDF5 has no lock of its own.
std::mutex& hdf5_lock() {
  static std::mutex only;
  return only;
}

// A folder that nobody else can look into, and in which nothing else is that a file could name.
std::string own_folder() {
  const char* const where = std::getenv("TMPDIR");
  std::string out = text(where != nullptr && *where != '\0' ? where : "/tmp", "/latentcell-XXXXXX");
  if (::mkdtemp(out.data()) == nullptr) lc::throw_runtime(out, ": cannot be made: ", std::strerror(errno));
  return out;
}

// What the values of a file take unpacked: gzip makes a thousand bytes of one.
std::uint64_t unpacked_bytes(const lc::io::Hdf5Object& object, std::set<std::string>& visited, std::uint64_t most) {
  std::uint64_t sum = 0;
  if (object.is_dataset()) {
    std::uint64_t values = H5Tget_size(object.type().get());
    for (const Index extent : object.shape())
      values = extent == 0 ? 0 : std::min(most + 1, values * std::uint64_t(extent));
    return values;
  }
  for (const std::string& name : object.children()) {
    const auto child = object.find(name);
    if (child && sum <= most && visited.insert(child->name()).second) sum += unpacked_bytes(*child, visited, most);
  }
  return sum;
}

Index cells_of(const lc::io::Hdf5Object& root) {
  const auto obs = root.find("obs");
  if (!obs) return 0;
  if (obs->is_dataset()) return obs->length();
  Index most = 0;
  for (const std::string& name : obs->children()) {
    const auto child = obs->find(name);
    if (child && child->is_dataset()) most = std::max(most, child->length());
  }
  return most;
}

// A view names other files, and those of the server are not the client's.
void refuse_view(const lc::io::Hdf5Object& root) {
  if (root.has_attribute(lc::io::view_mark))
    throw Refusal{422, "the body is a view of other files: send a file that holds its cells"};
}

void check_size(const std::string& path, const H5adLimits& limits) {
  const lc::io::Hdf5Object root = lc::io::Hdf5Object::open_file(path);
  refuse_view(root);
  if (const Index cells = cells_of(root); cells > limits.most_cells)
    throw Refusal{413, text("the body has ", cells, " cells, one request may have ", limits.most_cells)};
  std::set<std::string> visited;
  if (unpacked_bytes(root, visited, limits.most_bytes) > limits.most_bytes)
    throw Refusal{413, text("the body unpacks to more than ", limits.most_bytes >> 20, " MiB")};
}

}  // namespace

TemporaryFile::TemporaryFile()
    : folder_(own_folder()),
      path_(folder_ + "/body.h5ad"),
      file_(::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR)) {
  if (file_ >= 0) return;
  const int error = errno;
  ::rmdir(folder_.c_str());
  lc::throw_runtime(path_, ": cannot be made: ", std::strerror(error));
}

TemporaryFile::~TemporaryFile() {
  ::close(file_);
  ::unlink(path_.c_str());
  ::rmdir(folder_.c_str());
}

bool TemporaryFile::append(const char* bytes, std::size_t count) {
  while (count > 0) {
    const ssize_t n = ::write(file_, bytes, count);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes += n;
    count -= std::size_t(n);
  }
  return true;
}

lc::CellTable read_h5ad_body(const TemporaryFile& file, const H5adLimits& limits) {
  const std::lock_guard<std::mutex> lock(hdf5_lock());
  const lc::io::Hdf5Quiet quiet;
  try {
    lc::io::try_hdf5(file.path());
    check_size(file.path(), limits);
    // Of the root: a view would not be followed, had it come so far.
    return lc::io::read_h5ad(lc::io::Hdf5Object::open_file(file.path()), {.layer = limits.layer, .try_first = false});
  } catch (const std::runtime_error& e) {
    // The name of the file means nothing to the client.
    std::string said = e.what();
    for (std::size_t at; (at = said.find(file.path())) != std::string::npos;)
      said.replace(at, file.path().size(), "the body");
    throw Refusal{said.find("not an HDF5 file") != std::string::npos ? 400 : 422, said};
  }
}

std::string write_h5ad_body(lc::CellTable cells) {
  lc::io::make_unique(cells.cell_names);
  const TemporaryFile file;
  const std::lock_guard<std::mutex> lock(hdf5_lock());
  lc::io::write_h5ad(file.path(), cells);
  std::ifstream in(file.path(), std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace serve
