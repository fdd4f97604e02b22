#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>
#include <latentcell/io/atomic_file.hpp>
#include <latentcell/io/flat_json.hpp>

namespace LATENTCELL_NAMESPACE::io {

/// Named tensors and string metadata, the content of a safetensors file. Bytes are little-endian, as on the machines
/// that the library runs on.
struct SafeTensors {
  struct Tensor {
    std::string name;
    std::string type;  // "F32", "F64", "I64"
    std::vector<Index> shape;
    std::vector<char> bytes;
  };
  std::map<std::string, std::string> metadata;
  std::vector<Tensor> tensors;

  const Tensor* find(std::string_view name) const {
    for (const Tensor& t : tensors) {
      if (t.name == name) return &t;
    }
    return nullptr;
  }

  /// Adds an entry of metadata. Throws std::invalid_argument where the key is taken.
  void describe(const std::string& key, std::string value) {
    LATENTCELL_REQUIRE(metadata.emplace(key, std::move(value)).second,
                       "safetensors: two entries of metadata are called '", key, "'");
  }

  template <class N>
  void add(std::string name, const N* data, std::vector<Index> shape) {
    Index size = 1;
    for (Index extent : shape) size *= extent;
    Tensor t{std::move(name), type_name<N>(), std::move(shape), std::vector<char>(to_size(size) * sizeof(N))};
    if (size > 0) std::memcpy(t.bytes.data(), data, t.bytes.size());
    tensors.push_back(std::move(t));
  }

  template <class N>
  static const char* type_name() {
    if constexpr (std::is_same_v<N, float>) return "F32";
    if constexpr (std::is_same_v<N, double>) return "F64";
    if constexpr (std::is_same_v<N, std::int64_t>) return "I64";
  }
};

/// Writes a safetensors file atomically: an existing file is left unchanged on failure. Throws std::runtime_error
/// naming the file; std::invalid_argument where two tensors have one name.
inline void save_safetensors(const std::string& path, const SafeTensors& content) {
  std::set<std::string_view> names;
  for (const auto& t : content.tensors)
    LATENTCELL_REQUIRE(names.insert(t.name).second, path, ": two tensors are called '", t.name, "'");
  std::string header = "{\"__metadata__\":{";
  bool first = true;
  for (const auto& [key, value] : content.metadata) {
    header += text(first ? "" : ",", json_quote(key), ":", json_quote(value));
    first = false;
  }
  header += "}";
  std::uint64_t at = 0;
  for (const auto& t : content.tensors) {
    header += text(",", json_quote(t.name), ":{\"dtype\":\"", t.type, "\",\"shape\":[");
    for (std::size_t i = 0; i < t.shape.size(); ++i) header += text(i == 0 ? "" : ",", t.shape[i]);
    header += text("],\"data_offsets\":[", at, ",", at + t.bytes.size(), "]}");
    at += t.bytes.size();
  }
  header += "}";
  while (header.size() % 8 != 0) header += ' ';

  AtomicFile file(path);
  std::FILE* out = std::fopen(file.temporary().c_str(), "wb");
  if (out == nullptr) throw_runtime(path, ": cannot be written: ", std::strerror(errno));
  const std::uint64_t length = header.size();
  bool good = std::fwrite(&length, sizeof length, 1, out) == 1 && std::fwrite(header.data(), length, 1, out) == 1;
  for (const auto& t : content.tensors) {
    good = good && (t.bytes.empty() || std::fwrite(t.bytes.data(), t.bytes.size(), 1, out) == 1);
  }
  good = std::fflush(out) == 0 && good;
  const int trouble = errno;
  good = std::fclose(out) == 0 && good;
  if (!good) throw_runtime(path, ": cannot be written: ", std::strerror(trouble != 0 ? trouble : EIO));
  file.commit();
}

namespace detail {

/// A tensor of a safetensors header and where its bytes lie behind the header.
struct TensorPlace {
  std::uint64_t first, last;
  SafeTensors::Tensor tensor;
};

/// Bytes of a file, and of these the ones behind the header.
struct FileSize {
  std::uint64_t all, behind_header;
};

/// Reads one tensor's object of a header.
inline TensorPlace read_tensor_place(FlatJson& json, const std::string& path, const std::string& name, FileSize size) {
  SafeTensors::Tensor t{name, "", {}, {}};
  std::vector<std::uint64_t> offsets, shape;
  json.object([&](const std::string& key) {
    if (key == "dtype") {
      t.type = json.string();
    } else if (key == "shape") {
      shape = json.numbers();
    } else if (key == "data_offsets") {
      offsets = json.numbers();
    } else {
      json.fail(text("unknown key '", key, "' of tensor '", name, "'"));
    }
  });
  const std::uint64_t width = t.type == "F32" ? 4 : t.type == "F64" || t.type == "I64" ? 8 : 0;
  if (width == 0) throw_runtime(path, ": tensor '", name, "' has type '", t.type, "', not F32, F64 or I64");
  const bool empty = std::find(shape.begin(), shape.end(), 0u) != shape.end();
  std::uint64_t bytes = empty ? 0 : width;
  for (std::uint64_t extent : shape) {
    if (!empty && bytes > size.all / extent) throw_runtime(path, ": tensor '", name, "' is larger than the file");
    bytes *= extent;
    t.shape.push_back(Index(extent));
  }
  if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] - offsets[0] != bytes ||
      offsets[1] > size.behind_header)
    throw_runtime(path, ": cut short, or its header is wrong: tensor '", name, "' does not lie where it says");
  return {offsets[0], offsets[1], std::move(t)};
}

/// Reads a header: metadata to `out`, tensors without their bytes to the result.
inline std::vector<TensorPlace> read_header(const std::string& header, const std::string& path, FileSize size,
                                            SafeTensors& out) {
  std::vector<TensorPlace> places;
  std::set<std::string> names;
  FlatJson json(path, header);
  json.object([&](const std::string& name) {
    if (name == "__metadata__") {
      json.object([&](const std::string& key) {
        if (!out.metadata.emplace(key, json.string()).second) json.fail(text("a second entry '", key, "'"));
      });
      return;
    }
    if (!names.insert(name).second) json.fail(text("a second tensor '", name, "'"));
    places.push_back(read_tensor_place(json, path, name, size));
  });
  json.end();
  return places;
}

}  // namespace detail

/// Reads a safetensors file into memory. Throws std::runtime_error with the path for a file that is missing, cut short
/// or whose header is invalid.
inline SafeTensors load_safetensors(const std::string& path) {
  struct Closer {
    void operator()(std::FILE* f) const { std::fclose(f); }
  };
  const std::unique_ptr<std::FILE, Closer> in(std::fopen(path.c_str(), "rb"));
  if (!in) throw_runtime(path, ": cannot be opened: ", std::strerror(errno));
  const auto read = [&](void* to, std::uint64_t bytes, const char* what) {
    if (bytes > 0 && std::fread(to, bytes, 1, in.get()) != 1) {
      throw_runtime(path, ": cut short: it ends within ", what);
    }
  };
  std::fseek(in.get(), 0, SEEK_END);
  const std::uint64_t size = std::uint64_t(std::ftell(in.get()));
  std::fseek(in.get(), 0, SEEK_SET);
  std::uint64_t length = 0;
  read(&length, sizeof length, "the header's length");
  if (length > size - 8)
    throw_runtime(path, ": not a safetensors file, or cut short: a header of ", length, " bytes in a file of ", size);
  std::string header(length, '\0');
  read(header.data(), length, "the header");

  SafeTensors out;
  std::vector<detail::TensorPlace> places = detail::read_header(header, path, {size, size - 8 - length}, out);
  // A header may list the tensors in any order; the bytes lie without gaps.
  std::stable_sort(places.begin(), places.end(), [](const detail::TensorPlace& a, const detail::TensorPlace& b) {
    return std::pair(a.first, a.last) < std::pair(b.first, b.last);
  });
  std::uint64_t at = 0;
  for (detail::TensorPlace& place : places) {
    SafeTensors::Tensor& t = place.tensor;
    if (place.first != at)
      throw_runtime(path, ": its header is wrong: tensor '", t.name, "' does not lie where it says");
    at = place.last;
    t.bytes.resize(at - place.first);
    read(t.bytes.data(), t.bytes.size(), "a tensor");
    out.tensors.push_back(std::move(t));
  }
  if (at != size - 8 - length) throw_runtime(path, ": ", size - 8 - length - at, " bytes follow the last tensor");
  return out;
}

}  // namespace latentcell::io
