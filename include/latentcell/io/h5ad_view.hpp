#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/io/atomic_file.hpp>
#include <latentcell/io/h5ad_view_shards.hpp>
#include <latentcell/io/hdf5_writer.hpp>
#include <latentcell/io/read_stored.hpp>
#include <latentcell/io/wider_type.hpp>

namespace LATENTCELL_NAMESPACE::io {

namespace detail {

/// Stands for the number of cells in the shape of an outline.
inline constexpr Index every_cell = -1;

/// What all files of a view must have alike: groups, attributes, levels, genes, and of what has a value for each cell
/// the type alone.
struct ViewOutline {
  StoredValue cells;                   ///< of X, obs, obsm and layers
  std::map<std::string, Index> of;     ///< entries of each CSR matrix of the file
  std::map<std::string, Index> width;  ///< bytes of the longest text of each list of texts
  Index rows = 0;                      ///< cells of the file
};

/// Whether a group is a matrix of compressed rows.
inline bool is_csr(const Hdf5Object& of) {
  return of.is_group() && attribute_text(of, "encoding-type") == "csr_matrix";
}

/// Reads the outline of one file.
class OutlineReader {
 public:
  static ViewOutline read(const Hdf5Object& root) {
    OutlineReader reader;
    const Hdf5Object obs = root.open("obs");
    const std::string index = attribute_text(obs, "_index");
    if (index.empty() || !obs.has(index)) obs.fail("has no '_index': a view takes files that write_h5ad wrote");
    reader.out_.rows = obs.open(index).length();
    for (const char* group : {"obs", "X", "obsm", "layers"}) {
      if (root.has(group)) reader.out_.cells.children.emplace(group, reader.outline(root.open(group)));
    }
    for (const char* group : {"raw", "obsp"}) {
      if (root.has(group) && !root.open(group).children().empty())
        root.fail("has '", group, "', which a view of several files cannot hold");
    }
    return std::move(reader.out_);
  }

 private:
  StoredValue outline(const Hdf5Object& of) {
    StoredValue value;
    if (of.is_dataset()) {
      value = per_cell(of);
    } else if (is_csr(of)) {
      out_.of[of.name()] = of.open("data").length();
      for (const char* part : {"data", "indices"}) value.children.emplace(part, typed(of.open(part)));
    } else {
      for (const std::string& name : of.children()) {
        const Hdf5Object child = of.open(name);
        value.children.emplace(name, name == "categories" ? whole(child) : outline(child));
      }
    }
    read_stored_attributes(of, value);
    if (is_csr(of)) value.attributes.erase("shape");
    return value;
  }
  StoredValue per_cell(const Hdf5Object& data) {
    const std::vector<Index> shape = data.shape();
    if (shape.empty() || shape[0] != out_.rows)
      data.fail("has not one entry for each of ", out_.rows, " cells: a view cannot hold it");
    StoredValue value = typed(data);
    if (value.kind != StoredValue::Kind::texts) return value;
    Index& width = out_.width[data.name()];
    for (const std::string& one : read_texts(data)) width = std::max(width, Index(one.size()));
    return value;
  }
  static StoredValue typed(const Hdf5Object& data) {
    const Hdf5Handle type = data.type();
    const Hdf5Kind kind = hdf5_kind(type.get());
    if (kind == Hdf5Kind::other) data.fail("holds neither numbers nor texts");
    StoredValue out{.kind = kind == Hdf5Kind::text ? StoredValue::Kind::texts : StoredValue::Kind::numbers,
                    .shape = data.shape()};
    if (kind != Hdf5Kind::text) out.type = number_type(type.get());
    out.shape[0] = every_cell;
    return out;
  }
  static StoredValue whole(const Hdf5Object& of) {
    StoredBudget budget;
    std::vector<std::string> left_out;
    std::optional<StoredValue> value = read_stored(of, left_out, budget);
    if (!value || !left_out.empty()) of.fail("is in an unknown encoding");
    return *std::move(value);
  }

  ViewOutline out_;
};

/// Where two outlines differ first, and "" where they do not.
inline std::string difference(const StoredValue& a, const StoredValue& b, const std::string& at) {
  for (const auto& [name, child] : a.children) {
    const auto other = b.children.find(name);
    const std::string place = at.empty() ? name : text(at, "/", name);
    if (other == b.children.end()) return place;
    if (std::string inside = difference(child, other->second, place); !inside.empty()) return inside;
  }
  for (const auto& [name, child] : b.children) {
    if (a.children.count(name) == 0) return at.empty() ? name : text(at, "/", name);
  }
  return a == b ? "" : at;
}

/// Gives the entries of a matrix of two files one type: counts are written as narrow as they are in each.
inline void widen_entries(StoredValue& a, StoredValue& b) {
  const auto encoding = a.attributes.find("encoding-type");
  const bool entries =
      encoding != a.attributes.end() && encoding->second.texts == std::vector<std::string>{"csr_matrix"};
  for (auto& [name, child] : a.children) {
    const auto other = b.children.find(name);
    if (other == b.children.end()) continue;
    if (entries) {
      child.type = other->second.type = wider_type(child.type, other->second.type);
    } else {
      widen_entries(child, other->second);
    }
  }
}

/// Writes a view whose files are alike.
class ViewWriter {
 public:
  ViewWriter(const Hdf5Writer& out, std::filesystem::path folder, std::vector<std::string> names)
      : out_(out), folder_(std::move(folder)), names_(std::move(names)) {
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const Hdf5Object root = open(i);
      files_.push_back(OutlineReader::read(root));
      if (i > 0) widen_entries(files_[0].cells, files_[i].cells);
      const std::string place = difference(files_[0].cells, files_[i].cells, "");
      if (!place.empty()) root.fail("differs from ", names_[0], " in '", place, "': they are no parts of one table");
      const Hdf5Object var = root.open("var");
      std::vector<std::string> genes = read_texts(var.open(attribute_text(var, "_index")));
      if (i == 0) genes_ = std::move(genes);
      if (i > 0 && genes != genes_) root.fail("has other genes than ", names_[0]);
      if (i > 0) files_[i].cells = {};
    }
  }

  void write() const {
    std::string list;
    for (const std::string& name : names_) list += (list.empty() ? "" : "\n") + name;
    out_.encode(out_.root(), "anndata", "0.1.0");
    out_.attribute(out_.root(), view_mark, list.c_str());
    for (const auto& [name, value] : files_[0].cells.children) node(out_.root(), name, name, value);
    StoredValue shared;
    const Hdf5Object first = open(0);
    for (const char* group : {"var", "uns", "varm", "varp"}) read_shared(first, group, shared);
    for (const auto& [name, value] : shared.children) out_.stored(out_.root(), name, value);
    for (const char* group : {"obsp"}) out_.group(out_.root(), group, "dict", "0.1.0");
  }

 private:
  Hdf5Object open(std::size_t i) const { return Hdf5Object::open_file((folder_ / names_[i]).string()); }
  static Hdf5Object at(Hdf5Object of, const std::string& place) {
    for (std::size_t first = 0; first < place.size();) {
      const std::size_t end = std::min(place.find('/', first), place.size());
      of = of.open(place.substr(first, end - first));
      first = end + 1;
    }
    return of;
  }
  static void read_shared(const Hdf5Object& root, const char* group, StoredValue& to) {
    if (!root.has(group)) return;
    StoredBudget budget;
    std::vector<std::string> left_out;
    if (auto value = read_stored(root.open(group), left_out, budget)) to.children.emplace(group, *std::move(value));
  }
  Index total(const std::function<Index(const ViewOutline&)>& size) const {
    Index sum = 0;
    for (const ViewOutline& file : files_) sum += size(file);
    return sum;
  }

  void node(hid_t parent, const std::string& name, const std::string& place, const StoredValue& value) const {
    const auto rows = [](const ViewOutline& file) { return file.rows; };
    if (value.kind == StoredValue::Kind::numbers && value.shape[0] == every_cell)
      return numbers(parent, name, place, value, rows);
    if (value.kind == StoredValue::Kind::texts && value.shape[0] == every_cell)
      return texts(parent, name, place, value);
    if (value.kind != StoredValue::Kind::group) return out_.stored(parent, name, value);
    out_.stored(parent, name, {.attributes = value.attributes});
    const Hdf5Handle group(H5Gopen2(parent, name.c_str(), H5P_DEFAULT));
    if (!group) out_.fail();
    if (files_[0].of.count(place) > 0) return matrix(group.get(), place, value);
    for (const auto& [child, inner] : value.children) {
      if (child == "categories") {
        out_.stored(group.get(), child, inner);
      } else {
        node(group.get(), child, text(place, "/", child), inner);
      }
    }
  }

  void matrix(hid_t group, const std::string& place, const StoredValue& value) const {
    const auto entries = [&](const ViewOutline& file) { return file.of.at(place); };
    for (const auto& [part, inner] : value.children) numbers(group, part, text(place, "/", part), inner, entries);
    const Index rows = total([](const ViewOutline&file) { return file.rows; }), size = total(entries);
    const Index genes = Index(attribute_numbers(at(open(0), place), "shape").at(1));
    out_.attribute(group, "shape", std::vector<std::int64_t>{rows, genes});
    // SciPy wants row starts and columns of one type where they fit, and widens both where they do not.
    const bool narrow = size <= std::numeric_limits<std::int32_t>::max();
    const Hdf5Handle data = narrow ? out_.list<std::int32_t>(group, "indptr", rows + 1)
                                   : out_.list<std::int64_t>(group, "indptr", rows + 1);
    Index row = 0;
    std::int64_t before = 0;
    for (std::size_t i = 0; i < files_.size(); ++i) {
      std::vector<std::int64_t> starts = read_numbers<std::int64_t>(at(open(i), place + "/indptr"));
      for (std::int64_t& start : starts) start += before;
      before = starts.back();
      out_.fill(data, row, starts.data(), Index(starts.size()));
      row += files_[i].rows;
    }
  }

  void numbers(hid_t parent, const std::string& name, const std::string& place, const StoredValue& value,
               const std::function<Index(const ViewOutline&)>& size) const {
    std::vector<hsize_t> shape(value.shape.begin(), value.shape.end()), part, first(shape.size(), 0);
    shape[0] = hsize_t(total(size));
    const Hdf5Handle space(H5Screate_simple(int(shape.size()), shape.data(), nullptr));
    const Hdf5Handle plan(H5Pcreate(H5P_DATASET_CREATE));
    H5Pset_obj_track_times(plan.get(), false);
    for (std::size_t i = 0; i < files_.size(); ++i) {
      part = shape;
      part[0] = hsize_t(size(files_[i]));
      if (part[0] == 0) continue;
      const Hdf5Handle source(H5Screate_simple(int(part.size()), part.data(), nullptr));
      if (H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, first.data(), nullptr, part.data(), nullptr) < 0 ||
          H5Pset_virtual(plan.get(), space.get(), names_[i].c_str(), place.c_str(), source.get()) < 0) {
        out_.fail();
      }
      first[0] += part[0];
    }
    H5Sselect_all(space.get());
    out_.planned(parent, name, value, space, plan);
  }

  // Texts are copied, in the width of the longest: those of variable length are not compressed.
  void texts(hid_t parent, const std::string& name, const std::string& place, const StoredValue& value) const {
    Index width = 1, row = 0;
    for (const ViewOutline& file : files_) width = std::max(width, file.width.at(place));
    const Hdf5Handle data =
        out_.fixed_texts(parent, name, width, total([](const ViewOutline& file) { return file.rows; }));
    for (std::size_t i = 0; i < files_.size(); ++i) {
      out_.fill(data, row, read_texts(at(open(i), place)), width);
      row += files_[i].rows;
    }
    out_.stored_attributes(data.get(), value);
  }

  const Hdf5Writer& out_;
  std::filesystem::path folder_;
  std::vector<std::string> names_;
  std::vector<ViewOutline> files_;
  std::vector<std::string> genes_;
};

}  // namespace detail

/// Writes one h5ad file that shows many as one table, cells below each other: what has a value for each cell is a
/// virtual dataset over the files, row starts and texts (cell names) are copied, var and uns are those of the first.
/// anndata opens it as one file; the folder can be moved as a whole. It takes some bytes a cell, in memory too.
/// names: files in the folder of `path` that write_h5ad wrote, all with the same genes, columns and levels; entries of
/// matrices may be of several types, of which the view has one that holds all
/// Throws std::invalid_argument for no name or one with a folder, std::runtime_error where files differ or hold what a
/// view cannot (raw, obsp), or the view cannot be written.
inline void write_h5ad_view(const std::string& path, const std::vector<std::string>& names) {
  LATENTCELL_REQUIRE(!names.empty(), "write_h5ad_view: ", path, ": a view needs a file");
  for (const std::string& name : names) {
    LATENTCELL_REQUIRE(!name.empty() && name[0] != '.' && name.find_first_of("/\n") == std::string::npos,
                       "write_h5ad_view: '", name, "' is no name of a file beside ", path);
  }
  const Hdf5Quiet quiet;
  AtomicFile file(path);
  const Hdf5Writer out(path);
  detail::ViewWriter(out, std::filesystem::path(path).parent_path(), names).write();
  out.save(file.temporary());
  file.commit();
}

}  // namespace latentcell::io
