#pragma once

#include <hdf5.h>
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/io/hdf5_arrays.hpp>

namespace LATENTCELL_NAMESPACE::io::detail {

/// Visits every object of an HDF5 file and checks that the chunks of each dataset hold what it claims: HDF5 1.10 copies
/// what a dataset claims without a look at what there is. What HDF5 itself refuses is passed over: the reader says it.
/// Throws std::runtime_error naming the dataset.
class Hdf5Walk {
 public:
  /// alive: called now and then
  explicit Hdf5Walk(std::function<void()> alive) : alive_(std::move(alive)) {}

  void visit(const Hdf5Object& object, int depth = 0) {
    alive_();
    if (!is_new(object) || depth > deepest) return;
    attempt([&] { attributes(object); });
    if (object.is_dataset()) return dataset(object);
    std::vector<std::string> names;
    attempt([&] { names = object.children(); });
    for (const std::string& name : names) {
      std::optional<Hdf5Object> child;
      attempt([&] { child = object.find(name); });
      if (child) visit(*child, depth + 1);
    }
  }

 private:
  static constexpr int deepest = 64;
  static constexpr Index few_values = 4096;
  static constexpr std::uint64_t talkative = std::uint64_t{4} << 20;

  /// A claim that the file contradicts.
  struct Damaged : std::runtime_error {
    using std::runtime_error::runtime_error;
  };
  template <class... Parts>
  [[noreturn]] static void damaged(const Hdf5Object& data, const Parts&... parts) {
    throw Damaged(text(data.where(), ": ", parts..., ": the file is damaged"));
  }

  /// Lets a failure pass that HDF5 noticed, unless it ran out of memory.
  template <class F>
  static void attempt(const F& f) {
    try {
      f();
    } catch (const Damaged&) {
      throw;
    } catch (const std::exception& e) {
      if (std::string(e.what()).find("allocation failed") != std::string::npos) throw;
    }
  }

  bool is_new(const Hdf5Object& object) {
#if H5_VERSION_GE(1, 12, 0)
    H5O_info1_t info;
#else
    H5O_info_t info;
#endif
    if (H5Oget_info2(object.id(), &info, H5O_INFO_BASIC) < 0) return true;
    return seen_.insert(info.addr).second;
  }

  static void attributes(const Hdf5Object& object) {
    for (const std::string& name : object.attributes()) {
      attempt([&] { (void)attribute_values(object, name); });
    }
  }
  static bool attribute_values(const Hdf5Object& object, const std::string& name) {
    const Hdf5Handle attribute(H5Aopen(object.id(), name.c_str(), H5P_DEFAULT));
    const Hdf5Handle type(attribute ? H5Aget_type(attribute.get()) : H5I_INVALID_HID);
    const Hdf5Handle space(attribute ? H5Aget_space(attribute.get()) : H5I_INVALID_HID);
    const hssize_t n = type && space ? H5Sget_simple_extent_npoints(space.get()) : -1;
    if (n <= 0 || n > few_values || H5Tget_size(type.get()) > few_values) return false;
    return small_values(object, type.get(), std::size_t(n),
                        [&](hid_t as, void* to) { return H5Aread(attribute.get(), as, to) >= 0; });
  }

  /// Reads values as the reader will, and forgets them.
  template <class Read>
  static bool small_values(const Hdf5Object& of, hid_t type, std::size_t n, const Read& read) {
    const Hdf5Kind kind = hdf5_kind(type);
    if (kind == Hdf5Kind::text) return !decode_texts(of, type, n, read).empty();
    if (kind == Hdf5Kind::other) return false;
    const hid_t memory = number_type_id(number_type(type));
    std::vector<char> bytes(n * H5Tget_size(memory));
    return read(memory, bytes.data());
  }

  /// Bytes of a value as it is stored; 0 where strings of variable length lie inside records.
  static std::uint64_t stored_width(hid_t type) {
    if (H5Tis_variable_str(type) > 0) return reference_size;
    const H5T_class_t of = H5Tget_class(type);
    const bool plain = of == H5T_INTEGER || of == H5T_FLOAT || of == H5T_STRING || of == H5T_ENUM;
    return plain ? H5Tget_size(type) : 0;
  }

  void dataset(const Hdf5Object& data) {
    attempt([&] {
      const Hdf5Handle type = data.type(), plan(H5Dget_create_plist(data.id())), space(H5Dget_space(data.id()));
      const std::vector<Index> shape = data.shape();
      if (!plan || H5Sget_simple_extent_type(space.get()) == H5S_NULL) return;  // one without values stores none
      const std::uint64_t width = stored_width(type.get());
      if (width == 0) return;  // the reader takes records of numbers and fixed strings alone
      std::uint64_t values = 1;
      for (const Index extent : shape) {
        if (extent > 0 && values > (std::uint64_t{1} << 48) / std::uint64_t(extent))
          damaged(data, "claims ", extent, " values and more");
        values *= std::uint64_t(extent);
      }
      const H5D_layout_t layout = H5Pget_layout(plan.get());
      if (layout == H5D_CHUNKED) return chunks(data, plan.get(), shape, width);
      const std::uint64_t stored = H5Dget_storage_size(data.id());
      const bool unwritten = stored == 0 && layout == H5D_CONTIGUOUS;  // filled with zeros
      if (!unwritten && (stored / width < values || stored > data.file_size()))
        damaged(data, "claims ", values, " values of ", width, " bytes and stores ", stored, " bytes");
      if (values > 0 && values <= std::uint64_t(few_values)) read_all(data, type.get(), values);
    });
  }
  static void read_all(const Hdf5Object& data, hid_t type, std::uint64_t values) {
    (void)small_values(data, type, std::size_t(values), [&](hid_t as, void* to) {
      return H5Dread(data.id(), as, H5S_ALL, H5S_ALL, H5P_DEFAULT, to) >= 0;
    });
  }

  /// The filters of a dataset, as far as sizes depend on them.
  struct Filters {
    int count = 0, packing = -1;            // place of the filter that packs, or -1
    bool deflates = false, summed = false;  // packs by gzip; four bytes of a sum follow
    bool plain = true;                      // none does anything else
    bool shuffled = false;
  };
  static Filters filters_of(hid_t plan) {
    Filters out;
    out.count = H5Pget_nfilters(plan);
    for (int i = 0; i < out.count; ++i) {
      unsigned flags = 0, config = 0;
      std::size_t settings = 0;
      const H5Z_filter_t id = H5Pget_filter2(plan, unsigned(i), &flags, &settings, nullptr, 0, nullptr, &config);
      constexpr H5Z_filter_t lzf = 32000;
      if (id == H5Z_FILTER_SHUFFLE) {
        out.shuffled = true;
      } else if (id == H5Z_FILTER_FLETCHER32) {
        out.summed = true;
      } else if ((id == H5Z_FILTER_DEFLATE || id == lzf) && out.packing < 0) {
        out.packing = i;
        out.deflates = id == H5Z_FILTER_DEFLATE;
      } else {
        out.plain = false;
      }
    }
    return out;
  }

  void chunks(const Hdf5Object& data, hid_t plan, const std::vector<Index>& shape, std::uint64_t width) {
    hsize_t extents[H5S_MAX_RANK] = {0};
    const int rank = H5Pget_chunk(plan, H5S_MAX_RANK, extents);
    if (rank < 1 || std::size_t(rank) != shape.size())
      damaged(data, "has ", shape.size(), " dimensions and chunks of ", rank);
    std::uint64_t bytes = width, number = 1;
    for (int i = 0; i < rank; ++i) {
      if (extents[i] == 0) damaged(data, "has chunks of no values");
      if (bytes > (std::uint64_t{1} << 32) / extents[i]) damaged(data, "has chunks of more than 4 GB");
      bytes *= extents[i];
      number *= (std::uint64_t(shape[std::size_t(i)]) + extents[i] - 1) / extents[i];
      if (number > data.file_size()) damaged(data, "claims ", number, " chunks and more");
    }
    require_packed_size(data, bytes);
    const Filters filters = filters_of(plan);
    std::vector<hsize_t> at(std::size_t(rank), 0);
    bool first = true;
    std::uint64_t silent = 0;  // chunks' bytes since the last sign of life
    for (std::uint64_t k = 0; k < number; ++k) {
      if (k % 64 == 0 || silent >= talkative) {
        alive_();
        silent = 0;
      }
      silent += bytes;
      if (!chunk(data, at, bytes, filters, first)) return;
      for (int i = rank; i-- > 0;) {  // the next one, the last dimension fastest
        at[std::size_t(i)] += extents[i];
        if (at[std::size_t(i)] < hsize_t(shape[std::size_t(i)])) break;
        at[std::size_t(i)] = 0;
      }
    }
  }
  /// gzip packs at most 1032 to 1, so that a chunk of zeros alone is larger than this.
  static void require_packed_size(const Hdf5Object& data, std::uint64_t bytes) {
    constexpr std::uint64_t small = std::uint64_t{1} << 26;
    if (bytes > small && bytes / 5000 > data.file_size())
      damaged(data, "has chunks of ", bytes, " bytes in a file of ", data.file_size());
  }

  /// Checks one chunk; false where HDF5 cannot find it.
  bool chunk(const Hdf5Object& data, const std::vector<hsize_t>& at, std::uint64_t bytes, const Filters& filters,
             bool& first) {
    hsize_t stored = 0;
    if (H5Dget_chunk_storage_size(data.id(), at.data(), &stored) < 0) return false;
    if (stored == 0) return true;  // never written: filled with zeros
    if (stored > data.file_size()) damaged(data, "has a chunk of ", stored, " bytes in a file of ", data.file_size());
    if (filters.count == 0) return unpacked_chunk(data, at, bytes);
    if (!filters.plain) return unpacked(data, at);
    packed_.resize(std::size_t(stored));
    std::uint32_t skipped = 0;
    if (H5Dread_chunk(data.id(), H5P_DEFAULT, at.data(), &skipped, packed_.data()) < 0) return false;
    const bool packs = filters.packing >= 0 && (skipped >> filters.packing & 1u) == 0;
    const std::uint64_t sum = filters.summed ? 4 : 0;
    if (!packs && stored != bytes && stored != bytes + sum)
      damaged(data, "has a chunk of ", stored, " bytes, not ", bytes);
    if (stored < sum) damaged(data, "has a chunk of ", stored, " bytes");
    if (packs && filters.deflates && first) {
      const std::uint64_t inflated = inflated_size(packed_, bytes);
      if (inflated != 0 && inflated != bytes && inflated != bytes + sum)
        damaged(data, "has chunks of ", inflated, " bytes, not ", bytes);
      first = false;
    }
    return true;
  }

  /// Checks a chunk of a dataset without filters, whose own size HDF5 does not tell: reading it must reach its last
  /// byte.
  bool unpacked_chunk(const Hdf5Object& data, const std::vector<hsize_t>& at, std::uint64_t bytes) {
    packed_.resize(std::size_t(bytes));
    constexpr unsigned char marks[] = {0, 255};
    for (const unsigned char mark : marks) {
      packed_.back() = mark;
      std::uint32_t skipped = 0;
      if (H5Dread_chunk(data.id(), H5P_DEFAULT, at.data(), &skipped, packed_.data()) < 0) return false;
      if (packed_.back() != mark) return true;
    }
    damaged(data, "has a chunk of less than ", bytes, " bytes");
  }

  /// Reads the values of the chunk that begins here by HDF5's own filters.
  bool unpacked(const Hdf5Object& data, const std::vector<hsize_t>& at) {
    const std::vector<Index> start(at.begin(), at.end()), one(at.size(), 1);
    double value = 0;
    if (holds_numbers(data)) read_box(data, std::span<const Index>(start), std::span<const Index>(one), &value);
    return true;
  }

  /// Bytes that a gzipped chunk unpacks to, at most a little more than `most`; 0 where it does not.
  static std::uint64_t inflated_size(std::vector<unsigned char>& packed, std::uint64_t most) {
    z_stream stream{};
    if (inflateInit(&stream) != Z_OK) return 0;
    stream.next_in = packed.data();
    stream.avail_in = uInt(std::min<std::size_t>(packed.size(), 0xFFFFFFFFu));
    std::vector<unsigned char> block(std::size_t{1} << 16);
    std::uint64_t size = 0;
    int state = Z_OK;
    while (state == Z_OK && size <= most + 4) {
      stream.next_out = block.data();
      stream.avail_out = uInt(block.size());
      state = inflate(&stream, Z_NO_FLUSH);
      size += block.size() - stream.avail_out;
    }
    inflateEnd(&stream);
    return state == Z_STREAM_END || size > most + 4 ? size : 0;
  }

  std::function<void()> alive_;
  std::set<haddr_t> seen_;
  std::vector<unsigned char> packed_;
};

}  // namespace latentcell::io::detail
