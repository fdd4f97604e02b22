#pragma once

#include <hdf5.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE::io {

namespace detail {

/// Unpacks LZF; 0 where the data are damaged, and `room` + 1 where they need more room. Marc Lehmann, liblzf 3.6.
inline std::size_t unpack_lzf(const std::uint8_t* from, std::size_t size, std::uint8_t* to, std::size_t room) {
  std::size_t at = 0, made = 0;
  while (at < size) {
    const std::size_t control = from[at++];
    if (control < 32) {  // that many bytes and one more, as they are
      const std::size_t length = control + 1;
      if (length > size - at) return 0;
      if (length > room - made) return room + 1;
      std::copy_n(from + at, length, to + made);
      at += length;
      made += length;
      continue;
    }
    std::size_t length = control >> 5;
    if (length == 7) {
      if (at == size) return 0;
      length += from[at++];
    }
    if (at == size) return 0;
    const std::size_t back = ((control & 31) << 8) + from[at++] + 1;
    length += 2;
    if (back > made) return 0;
    if (length > room - made) return room + 1;
    for (std::size_t k = 0; k < length; ++k, ++made) to[made] = to[made - back];  // the two may overlap
  }
  return made;
}

/// The filter as HDF5 calls it, for reading alone.
inline std::size_t lzf_filter(unsigned flags, std::size_t settings, const unsigned* setting, std::size_t packed,
                              std::size_t* buffer_size, void** buffer) {
  if ((flags & H5Z_FLAG_REVERSE) == 0) return 0;
  constexpr std::size_t largest = std::size_t{1} << 32;  // no chunk of HDF5 is larger
  std::size_t room = settings >= 3 && setting[2] > 0 ? setting[2] : std::max<std::size_t>(*buffer_size, 1);
  for (; room <= largest; room *= 2) {
    void* to = H5allocate_memory(room, false);
    if (to == nullptr) return 0;
    const std::size_t made =
        unpack_lzf(static_cast<const std::uint8_t*>(*buffer), packed, static_cast<std::uint8_t*>(to), room);
    if (made > 0 && made <= room) {
      H5free_memory(*buffer);
      *buffer = to;
      *buffer_size = room;
      return made;
    }
    H5free_memory(to);
    if (made == 0) return 0;
  }
  return 0;
}

}  // namespace detail

/// Lets HDF5 read what h5py packed with lzf, its own filter, which HDF5 itself does not have.
inline void register_lzf() {
  constexpr H5Z_filter_t lzf = 32000;
  if (H5Zfilter_avail(lzf) > 0) return;
  const H5Z_class2_t filter{H5Z_CLASS_T_VERS, lzf, 0, 1, "lzf", nullptr, nullptr, detail::lzf_filter};
  H5Zregister(&filter);
}

}  // namespace latentcell::io
