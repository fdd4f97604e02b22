#pragma once

#include <hdf5.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <latentcell/io/hdf5_object.hpp>

namespace LATENTCELL_NAMESPACE::io::detail {

inline constexpr std::size_t reference_size = 16;  // length, address, number in the collection: 4 + 8 + 4 bytes
inline constexpr const char* reference_tag = "latentcell: a string in the global heap";

/// Little-endian, as HDF5 stores them.
template <class N>
N load(const char* from) {
  N value = 0;
  for (std::size_t i = sizeof(N); i-- > 0;) value = N(value << 8 | static_cast<unsigned char>(from[i]));
  return value;
}

/// The strings of variable length of one HDF5 file, which lie in collections ("GCOL") outside their datasets. Reads
/// them from the file itself: HDF5 1.10 follows a reference without checking it, so that one flipped bit crashes it.
/// "HDF5 File Format Specification 3.0", III.E.
class Hdf5Heap {
 public:
  explicit Hdf5Heap(const Hdf5Object& of) : of_(of) {
    const Hdf5Handle file(H5Iget_file_id(of.id()));
    const Hdf5Handle plan(file ? H5Fget_create_plist(file.get()) : H5I_INVALID_HID);
    std::size_t address_size = 0, length_size = 0;
    hsize_t base = 0;
    if (!plan || H5Pget_sizes(plan.get(), &address_size, &length_size) < 0 || H5Pget_userblock(plan.get(), &base) < 0) {
      of.fail_reading();
    }
    if (address_size != 8 || length_size != 8) of.fail("holds addresses of ", address_size, " bytes, not 8");
    base_ = base;
    // An object that a link brought in lies in a file of its own.
    const ssize_t length = H5Fget_name(file.get(), nullptr, 0);
    if (length <= 0) of.fail_reading();
    std::string name(std::size_t(length) + 1, '\0');
    H5Fget_name(file.get(), name.data(), name.size());
    file_ = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
    if (file_ < 0) of.fail("cannot be read: ", std::strerror(errno));
    const ::off_t size = ::lseek(file_, 0, SEEK_END);
    size_ = size > 0 ? std::uint64_t(size) : 0;
  }
  Hdf5Heap(const Hdf5Heap&) = delete;
  Hdf5Heap& operator=(const Hdf5Heap&) = delete;
  ~Hdf5Heap() {
    if (file_ >= 0) ::close(file_);
  }

  /// The string that a reference of 16 bytes points to.
  std::string text(const char* reference) {
    const std::uint64_t length = load<std::uint32_t>(reference), address = load<std::uint64_t>(reference + 4);
    const std::uint32_t number = load<std::uint32_t>(reference + 12);
    if (length == 0 || address == 0) return {};
    const Collection& in = collection(address);
    const auto at = in.objects.find(number);
    if (at == in.objects.end() || at->second.second < length) damaged();
    const char* first = in.bytes.data() + at->second.first;
    return {first, static_cast<const char*>(std::find(first, first + length, '\0'))};
  }

 private:
  struct Collection {
    std::vector<char> bytes;
    std::map<std::uint32_t, std::pair<std::size_t, std::uint64_t>> objects;  // number to first byte and size
  };

  [[noreturn]] void damaged() const { of_.fail("refers to strings that are not there: the file is damaged"); }

  void read(std::uint64_t address, char* to, std::size_t bytes) const {
    while (bytes > 0) {
      const ssize_t got = ::pread(file_, to, bytes, ::off_t(address));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) damaged();
      to += got;
      address += std::uint64_t(got);
      bytes -= std::size_t(got);
    }
  }

  const Collection& collection(std::uint64_t address) {
    if (const auto at = collections_.find(address); at != collections_.end()) return at->second;
    constexpr std::size_t head_size = 16, object_head_size = 16;
    char head[head_size];
    if (address > size_ || base_ > size_ - address || size_ - address - base_ < head_size) damaged();
    read(base_ + address, head, head_size);
    const std::uint64_t size = load<std::uint64_t>(head + 8);
    if (std::memcmp(head, "GCOL", 4) != 0 || head[4] != 1 || size < head_size || size > size_ - address - base_)
      damaged();
    if (held_ + size > most_held) {
      collections_.clear();
      held_ = 0;
    }
    Collection out;
    out.bytes.resize(std::size_t(size));
    read(base_ + address, out.bytes.data(), out.bytes.size());
    for (std::size_t at = head_size; at + object_head_size <= out.bytes.size();) {
      const std::uint32_t number = load<std::uint16_t>(out.bytes.data() + at);
      const std::uint64_t object_size = load<std::uint64_t>(out.bytes.data() + at + 8);
      if (number == 0) break;  // what is left is free
      at += object_head_size;
      if (object_size > out.bytes.size() - at) damaged();
      out.objects[number] = {at, object_size};
      at += std::size_t(object_size + 7) / 8 * 8;
    }
    held_ += size;
    return collections_.emplace(address, std::move(out)).first->second;
  }

  static constexpr std::uint64_t most_held = std::uint64_t{1} << 24;
  const Hdf5Object& of_;
  int file_ = -1;
  std::uint64_t base_ = 0, size_ = 0, held_ = 0;
  std::map<std::uint64_t, Collection> collections_;
};

/// Leaves the references of strings as they are, instead of following them.
inline herr_t keep_references(hid_t from, hid_t to, H5T_cdata_t* state, std::size_t, std::size_t, std::size_t, void*,
                              void*, hid_t) {
  if (state->command != H5T_CONV_INIT) return 0;
  state->need_bkg = H5T_BKG_NO;
  // A file's type has 16 bytes; the same type as H5Tfind sees it, in memory, has those of a pointer.
  const bool sizes = H5Tget_size(from) == reference_size || H5Tget_size(from) == sizeof(char*);
  if (H5Tis_variable_str(from) <= 0 || !sizes || H5Tget_class(to) != H5T_OPAQUE || H5Tget_size(to) != reference_size) {
    return -1;
  }
  char* tag = H5Tget_tag(to);
  const bool ours = tag != nullptr && std::strcmp(tag, reference_tag) == 0;
  H5free_memory(tag);
  return ours ? 0 : -1;
}

/// The type in memory of a reference to a string of variable length.
inline Hdf5Handle reference_type(const Hdf5Object& of) {
  Hdf5Handle type(H5Tcreate(H5T_OPAQUE, reference_size));
  if (!type || H5Tset_tag(type.get(), reference_tag) < 0) of.fail_reading();
  return type;
}

/// Turns n strings of a type in a file into std::string; read(type in memory, buffer) fetches them.
template <class Read>
std::vector<std::string> decode_texts(const Hdf5Object& of, hid_t type, std::size_t n, const Read& read) {
  std::vector<std::string> out;
  out.reserve(n);
  if (n == 0) return out;
  if (H5Tis_variable_str(type) > 0) {
    const Hdf5Handle reference = reference_type(of);
    std::vector<char> bytes(n * reference_size);
    H5T_cdata_t* state = nullptr;
    if (H5Tfind(type, reference.get(), &state) != keep_references &&
        H5Tregister(H5T_PERS_SOFT, "latentcell", type, reference.get(), keep_references) < 0) {
      of.fail_reading();
    }
    if (!read(reference.get(), static_cast<void*>(bytes.data()))) of.fail_reading();
    Hdf5Heap heap(of);
    for (std::size_t i = 0; i < n; ++i) out.push_back(heap.text(bytes.data() + i * reference_size));
    return out;
  }
  const std::size_t width = H5Tget_size(type);
  const Hdf5Handle memory(H5Tcopy(type));
  std::vector<char> bytes(n * width);
  if (!memory || width == 0 || !read(memory.get(), static_cast<void*>(bytes.data()))) of.fail_reading();
  const bool padded = H5Tget_strpad(type) == H5T_STR_SPACEPAD;
  for (std::size_t i = 0; i < n; ++i) {
    std::string one(bytes.data() + i * width, width);
    one.resize(std::min(one.find('\0'), one.size()));
    if (padded) one.resize(one.find_last_not_of(' ') + 1);
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace latentcell::io::detail
