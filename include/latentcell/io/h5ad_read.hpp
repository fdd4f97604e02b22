#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/data/append_cells.hpp>
#include <latentcell/data/cell_table.hpp>
#include <latentcell/io/h5ad_compound_frame.hpp>
#include <latentcell/io/h5ad_embeddings.hpp>
#include <latentcell/io/h5ad_frame.hpp>
#include <latentcell/io/h5ad_view_shards.hpp>
#include <latentcell/io/hdf5_matrix.hpp>
#include <latentcell/io/read_stored.hpp>
#include <latentcell/io/split_features.hpp>
#include <latentcell/io/try_hdf5.hpp>
#include <latentcell/io/unique_names.hpp>
#include <latentcell/io/utf8.hpp>
#include <latentcell/io/value_check.hpp>

namespace LATENTCELL_NAMESPACE::io {

struct H5adOptions {
  std::string layer = "";  ///< "" takes X, "raw" takes raw/X with the genes of raw/var, a name takes layers/NAME
  Values values = Values::counts;  ///< what the matrix may hold
  bool try_first = true;           ///< a child process opens the file first (io/try_hdf5.hpp)

  static void visit(auto& self, auto&& f) {
    f("layer", self.layer);
    f("values", self.values);
    f("try_first", self.try_first);
  }
};

namespace detail {

/// The children of a group of the root, without opening what is not there.
inline std::vector<std::string> children_of(const Hdf5Object& root, const char* group) {
  return root.has(group) ? root.open(group).children() : std::vector<std::string>{};
}

inline bool has_raw(const Hdf5Object& root) {
  return root.has("raw.X") || (root.has("raw") && root.open("raw").has("X"));
}

/// "layers are counts, spliced; or "raw"": what else a user may pick, beside what is in use.
inline std::string other_layers(const Hdf5Object& root, const std::string& layer) {
  std::vector<std::string> names = children_of(root, "layers");
  std::erase(names, layer);
  std::string out;
  if (!names.empty()) out = (names.size() == 1 ? "there is layer " : "layers are ") + Hdf5Object::list(names);
  if (layer != "raw" && has_raw(root)) out += out.empty() ? "there is \"raw\"" : "; or \"raw\"";
  if (!layer.empty() && root.has("X")) out += out.empty() ? "there is X (no layer)" : "; or X (no layer)";
  return out;
}

inline H5adFrame read_any_frame(const Hdf5Object& root, const Hdf5Object& frame, std::vector<std::string>& notes) {
  return frame.is_group() ? read_frame(frame, notes) : read_compound_frame(root, frame, notes);
}

struct H5adParts {
  Hdf5Object matrix, genes;
};

/// The matrix that `layer` means, and the frame of its genes.
inline H5adParts open_matrix(const Hdf5Object& root, const std::string& layer) {
  const std::string others = other_layers(root, layer);
  const std::string hint = others.empty() ? "the file has no other matrix" : others;
  if (layer == "raw") {
    if (root.has("raw.X") && root.has("raw.var")) return {root.open("raw.X"), root.open("raw.var")};
    if (!has_raw(root)) root.fail("has no raw counts; ", hint);
    const Hdf5Object raw = root.open("raw");
    return {raw.open("X"), raw.open("var")};
  }
  if (!root.has("var")) root.fail("has no 'var', so it is no h5ad file; there are ", Hdf5Object::list(root.children()));
  if (layer.empty()) {
    if (!root.has("X") || attribute_text(root.open("X"), "encoding-type") == "null") root.fail("X is missing; ", hint);
    return {root.open("X"), root.open("var")};
  }
  if (!root.has("layers") || !root.open("layers").has(layer)) root.fail("has no layer '", layer, "'; ", hint);
  return {root.open("layers").open(layer), root.open("var")};
}

/// What an AnnData says of its cells and genes, and the matrix that comes with them.
struct H5adHead {
  H5adParts parts;
  H5adFrame obs, var;
  std::string advice;  ///< about a value that is no count
};

inline H5adHead read_head(const Hdf5Object& root, const std::string& layer, std::vector<std::string>& notes) {
  if (!root.has("obs")) {
    root.fail("has no 'obs', so it is no h5ad file; there are ", Hdf5Object::list(root.children()));
  }
  H5adHead out{open_matrix(root, layer), {}, {}, ""};
  out.obs = read_any_frame(root, root.open("obs"), notes);
  out.var = read_any_frame(root, out.parts.genes, notes);
  make_unique(out.obs.names, text(root.where(), ": obs"), notes, "cell name");
  make_unique(out.var.names, out.parts.genes.where(), notes, "gene name");
  const std::string others = other_layers(root, layer);
  out.advice = others.empty() ? "the file has no other matrix to pick" : text("pick a layer that has them: ", others);
  return out;
}

/// Keeps what else the file carries. Raw counts have genes of their own: they are left out.
inline void read_rest(const Hdf5Object& root, const std::string& layer, CellTable& table) {
  const auto all = [](const std::string&) { return true; };
  read_stored_values(
      root, "uns", [&](const std::string& name) { return table.strings.count(name) == 0; }, table);
  read_stored_values(root, "obsp", all, table);
  std::vector<std::string> left_out;
  if (layer == "raw") {
    left_out = {"varm", "varp", "layers"};
    std::erase_if(left_out, [&](const std::string& name) { return children_of(root, name.c_str()).empty(); });
  } else {
    for (const char* group : {"varm", "varp"}) read_stored_values(root, group, all, table);
    read_stored_values(
        root, "layers", [&](const std::string& name) { return name != layer; }, table);
    if (has_raw(root)) left_out.push_back("raw");
  }
  if (!layer.empty() && root.has("X")) left_out.push_back("X");
  if (!left_out.empty())
    table.notes.push_back(text(root.file(), ": ", Hdf5Object::list(left_out), " will not be in the output"));
}

}  // namespace detail

/// Reads the AnnData of an open group: one matrix, obs, var, obsm and the lists of strings in uns; the rest of uns,
/// obsp, varm, varp and the other layers are kept as they are. Dense, CSR and CSC matrices of any type of number; files
/// of anndata 0.6 up to today. Names of genes and cells that repeat get -1, -2, with a note. What is legal but worth a
/// line is in CellTable::notes. Counts above largest_count are refused. Throws std::runtime_error with one sentence
/// naming the file, the field and the numbers.
inline CellTable read_h5ad(const Hdf5Object& root, const H5adOptions& options = {}) {
  const std::string path = root.where();
  CellTable table;
  detail::H5adHead head = detail::read_head(root, options.layer, table.notes);
  H5adFrame &obs = head.obs, &var = head.var;
  const Hdf5Object& matrix = head.parts.matrix;
  Rounding rounding;
  const ValueCheck check{options.values, matrix.where(), head.advice, obs.names, var.names, &rounding};
  table.counts = read_matrix(matrix, Index(obs.names.size()), Index(var.names.size()), check, table.notes);
  rounding.note(matrix.where(), table.notes);
  table.cell_names = std::move(obs.names);
  table.gene_names = std::move(var.names);
  table.cell_columns = std::move(obs.columns);
  table.gene_columns = std::move(var.columns);
  if (root.has("uns") && root.open("uns").is_group()) read_strings(root.open("uns"), table);
  if (root.has("obsm")) {
    const Hdf5Object obsm = root.open("obsm");
    if (obsm.is_group()) {
      read_embeddings(obsm, table);
    } else {
      table.notes.push_back(text(obsm.where(), ": is a table of records: left out"));
    }
  }
  detail::read_rest(root, options.layer, table);
  split_features(table, path);
  make_utf8(table, path);
  table.check();
  return table;
}

namespace detail {

/// Reads the files of a view (write_h5ad_view), one after the other: its virtual datasets are not followed.
inline CellTable read_view(const Hdf5Object& view, const std::vector<std::string>& shards, const H5adOptions& options) {
  CellTable out;
  bool layers = false;
  for (const std::string& shard : shards) {
    if (options.try_first) try_hdf5(shard);
    const Hdf5Object root = Hdf5Object::open_file(shard);
    if (root.has_attribute(view_mark)) root.fail("is a view itself: a view is one of files that hold cells");
    const CellTable part = read_h5ad(root, options);
    layers = layers || part.stored.size() != without_places(part.stored, {"layers/", "obsp/"}).size();
    if (out.cells() > 0) out.notes.insert(out.notes.end(), part.notes.begin(), part.notes.end());
    append_cells(out, part);
  }
  const std::vector<std::int64_t> shape =
      view.has("X") ? attribute_numbers(view.open("X"), "shape") : std::vector<std::int64_t>{};
  if (!shape.empty() && shape[0] != out.cells())
    view.fail("was written of ", shape[0], " cells but its files have ", out.cells(), ": write the view again");
  const Hdf5Object obs = view.open("obs");
  for (const std::string& name : obs.children()) {
    if (name != attribute_text(obs, "_index") && !out.cell_columns.has(name))
      out.notes.push_back(
          text(obs.where(), ": '", name, "' is in the view alone, which is read by its files: left out"));
  }
  if (layers) out.notes.push_back(text(view.where(), ": the other layers of its files are left out"));
  make_unique(out.cell_names, text(view.where(), ": obs"), out.notes, "cell name");
  out.check();
  return out;
}

}  // namespace detail

/// The same of a file, or of the files of a view of many. Throws std::runtime_error also where one cannot be opened.
inline CellTable read_h5ad(const std::string& path, const H5adOptions& options = {}) {
  const Hdf5Quiet quiet;
  if (options.try_first) try_hdf5(path);
  const Hdf5Object root = Hdf5Object::open_file(path);
  const std::vector<std::string> shards = view_shards(root);
  return shards.empty() ? read_h5ad(root, options) : detail::read_view(root, shards, options);
}

}  // namespace latentcell::io
