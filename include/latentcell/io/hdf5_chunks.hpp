#pragma once

#include <hdf5.h>
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include <latentcell/io/hdf5_arrays.hpp>

namespace LATENTCELL_NAMESPACE::io {

namespace detail {

/// Numbers as others, clipped to what these hold, as HDF5 does.
template <class From, class To>
void convert_numbers(const char* from, Index n, To* to) {
  for (Index i = 0; i < n; ++i) {
    From value;
    std::memcpy(&value, from + to_size(i) * sizeof value, sizeof value);
    if constexpr (std::is_integral_v<To> && std::is_integral_v<From> && sizeof(From) >= sizeof(To)) {
      constexpr auto least = std::numeric_limits<To>::lowest(), most = std::numeric_limits<To>::max();
      to[i] = std::cmp_less(value, least) ? least : std::cmp_greater(value, most) ? most : To(value);
    } else {
      to[i] = To(value);
    }
  }
}

/// Puts bytes that HDF5's shuffle parted together again: number i is bytes i, n + i, 2 n + i, ...
template <std::size_t width>
void unshuffle(const char* from, std::size_t n, char* to) {
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t b = 0; b < width; ++b) to[i * width + b] = from[b * n + i];
  }
}

/// Unpacks gzip, one list of bytes after the other.
class Inflater {
 public:
  Inflater() : stream_(new z_stream{}) {
    if (::inflateInit(stream_.get()) != Z_OK) throw std::bad_alloc();
  }
  /// Whether what is packed has just so many bytes and is whole.
  bool unpack(const std::vector<char>& packed, std::vector<char>& to) const {
    z_stream& s = *stream_;
    s.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    s.avail_in = uInt(packed.size());
    s.next_out = reinterpret_cast<Bytef*>(to.data());
    s.avail_out = uInt(to.size());
    return ::inflateReset(&s) == Z_OK && ::inflate(&s, Z_FINISH) == Z_STREAM_END && s.avail_out == 0;
  }

 private:
  struct End {
    void operator()(z_stream* stream) const {
      ::inflateEnd(stream);
      delete stream;
    }
  };
  std::unique_ptr<z_stream, End> stream_;
};

}  // namespace detail

/// A list of numbers, read part by part. Chunks packed with gzip are unpacked here: HDF5 gives each a buffer that grows
/// by halves, and parts and converts bytes one at a time. The last chunk is kept, for parts that begin in it. What else
/// there is, HDF5 reads.
class Hdf5Chunks {
 public:
  explicit Hdf5Chunks(const Hdf5Object& data) : type_(number_type(data.type().get())) { look_at(data); }

  /// Reads part of the list that it was made of.   -> (count)
  template <class N>
  void read(const Hdf5Object& data, Index start, Index count, N* to) {
    for (Index done = 0; done < count;) {
      const Index at = start + done, chunk = extent_ > 0 ? at / extent_ : 0;
      const Index n = extent_ > 0 ? std::min(count - done, (chunk + 1) * extent_ - at) : count;
      if (extent_ > 0 && (chunk == kept_ || unpack(data, chunk))) {
        convert(bytes_.data() + to_size(at - chunk * extent_) * width_, n, to + done);
      } else {
        read_part(data, at, n, to + done);
      }
      done += n;
    }
  }

 private:
  // Finds out whether chunks are those that unpack() takes; extent_ stays 0 where not.
  void look_at(const Hdf5Object& data) {
#if H5_VERSION_GE(1, 10, 3)
    const Hdf5Handle plan(H5Dget_create_plist(data.id())), type = data.type();
    unsigned edges = 0;
    hsize_t extent = 0;
    if (!plan || H5Pget_layout(plan.get()) != H5D_CHUNKED || H5Pget_chunk(plan.get(), 1, &extent) != 1 ||
        H5Pget_chunk_opts(plan.get(), &edges) < 0 || edges != 0 || H5Tequal(type.get(), number_type_id(type_)) <= 0)
      return;
    width_ = H5Tget_size(type.get());
    const int filters = H5Pget_nfilters(plan.get());
    for (int i = 0; i < filters; ++i) {
      unsigned flags = 0, settings[8] = {0}, config = 0;
      std::size_t n = 8;
      const H5Z_filter_t filter = H5Pget_filter2(plan.get(), unsigned(i), &flags, &n, settings, 0, nullptr, &config);
      const bool last = i + 1 == filters;
      if (last ? filter != H5Z_FILTER_DEFLATE : i != 0 || filter != H5Z_FILTER_SHUFFLE || settings[0] != width_) return;
    }
    shuffled_ = filters == 2;
    constexpr hsize_t most = hsize_t{1} << 24;  // larger chunks are better not kept
    if (filters > 0 && extent <= most) extent_ = Index(extent);
#else
    (void)data;
#endif
  }

  // Unpacks a chunk; false where it is kept in another way than the others.
  bool unpack(const Hdf5Object& data, Index chunk) {
#if H5_VERSION_GE(1, 10, 3)
    const hsize_t offset = hsize_t(chunk) * hsize_t(extent_);
    hsize_t size = 0;
    std::uint32_t without = 0;  // filters that this chunk lacks
    if (H5Dget_chunk_storage_size(data.id(), &offset, &size) < 0 || size == 0 || size > data.file_size()) return false;
    kept_ = -1;
    packed_.resize(size);
    if (H5Dread_chunk(data.id(), H5P_DEFAULT, &offset, &without, packed_.data()) < 0) data.fail_reading();
    if (without != 0) return false;
    bytes_.resize(to_size(extent_) * width_);
    parted_.resize(shuffled_ ? bytes_.size() : 0);
    if (!inflater_.unpack(packed_, shuffled_ ? parted_ : bytes_))
      data.fail("cannot be read (chunk ", chunk, " does not unpack): the file is cut short or damaged");
    if (shuffled_) unshuffle();
    kept_ = chunk;
    return true;
#else
    (void)data, (void)chunk;
    return false;
#endif
  }
  void unshuffle() {
    const std::size_t n = to_size(extent_);
    if (width_ == 1) std::copy(parted_.begin(), parted_.end(), bytes_.begin());
    if (width_ == 2) detail::unshuffle<2>(parted_.data(), n, bytes_.data());
    if (width_ == 4) detail::unshuffle<4>(parted_.data(), n, bytes_.data());
    if (width_ == 8) detail::unshuffle<8>(parted_.data(), n, bytes_.data());
  }

  template <class N>
  void convert(const char* from, Index n, N* to) const {
    switch (type_) {
      case NumberType::boolean:
      case NumberType::int8:
        return detail::convert_numbers<std::int8_t>(from, n, to);
      case NumberType::int16:
        return detail::convert_numbers<std::int16_t>(from, n, to);
      case NumberType::int32:
        return detail::convert_numbers<std::int32_t>(from, n, to);
      case NumberType::int64:
        return detail::convert_numbers<std::int64_t>(from, n, to);
      case NumberType::uint8:
        return detail::convert_numbers<std::uint8_t>(from, n, to);
      case NumberType::uint16:
        return detail::convert_numbers<std::uint16_t>(from, n, to);
      case NumberType::uint32:
        return detail::convert_numbers<std::uint32_t>(from, n, to);
      case NumberType::uint64:
        return detail::convert_numbers<std::uint64_t>(from, n, to);
      case NumberType::float32:
        return detail::convert_numbers<float>(from, n, to);
      default:
        return detail::convert_numbers<double>(from, n, to);
    }
  }

  NumberType type_;
  std::size_t width_ = 0;
  bool shuffled_ = false;
  Index extent_ = 0;  // of a chunk; 0: HDF5 reads all
  Index kept_ = -1;   // chunk that bytes_ holds
  std::vector<char> packed_, parted_, bytes_;
  detail::Inflater inflater_;
};

}  // namespace latentcell::io
