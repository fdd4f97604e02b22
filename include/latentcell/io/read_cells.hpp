#pragma once

#include <string>
#include <string_view>

#include <latentcell/core/options.hpp>
#include <latentcell/io/delimited.hpp>
#include <latentcell/io/h5ad_read.hpp>
#include <latentcell/io/matrix_market.hpp>
#include <latentcell/io/tenx_hdf5.hpp>

namespace LATENTCELL_NAMESPACE::io {

struct ReadOptions {
  std::string layer = "";                        ///< h5ad: "" takes X, "raw" the raw counts, a name that layer
  Values values = Values::counts;                ///< what the matrix may hold
  std::string genome = "";                       ///< 10x: which genome, where there are several
  std::string feature_type = "Gene Expression";  ///< 10x: features of this type are kept; "" keeps all
  TableRows rows = TableRows::cells;             ///< CSV and TSV: what a row is

  static void visit(auto& self, auto&& f) {
    f("layer", self.layer);
    f("values", self.values);
    f("genome", self.genome);
    f("feature_type", self.feature_type);
    f("rows", self.rows);
  }
};

namespace detail {

inline CellTable read_any_hdf5(const std::string& path, const ReadOptions& options) {
  bool h5ad = false;
  {
    const Hdf5Quiet quiet;
    const Hdf5Object root = Hdf5Object::open_file(path);
    h5ad = root.has("obs") && root.has("var");
  }
  if (h5ad) return read_h5ad(path, {.layer = options.layer, .values = options.values});
  if (!options.layer.empty()) throw_runtime(path, ": has no layer '", options.layer, "': it is no h5ad file");
  return read_tenx_hdf5(path,
                        {.genome = options.genome, .feature_type = options.feature_type, .values = options.values});
}

}  // namespace detail

/// Reads cells from what path is: an h5ad file, a 10x HDF5 file (.h5), a 10x folder or its matrix.mtx, a CSV or TSV
/// table (.csv, .tsv, .tab, .txt); text may be gzipped.
/// Throws std::runtime_error with one sentence naming the file, the field and the numbers.
inline CellTable read_cells(const std::string& path, const ReadOptions& options = {}) {
  std::string_view name = path;
  if (name.ends_with(".h5ad")) return read_h5ad(path, {.layer = options.layer, .values = options.values});
  if (name.ends_with(".h5") || name.ends_with(".hdf5")) return detail::read_any_hdf5(path, options);
  const bool folder = detail::is_folder(path);
  if (!folder && !detail::is_file(path)) throw_runtime(path, ": cannot be opened: ", std::strerror(ENOENT));
  if (!options.layer.empty()) throw_runtime(path, ": has no layer '", options.layer, "': it is no h5ad file");
  if (folder || detail::ends_with_matrix(name)) {
    return read_matrix_market(
        path, {.genome = options.genome, .feature_type = options.feature_type, .values = options.values});
  }
  if (name.ends_with(".gz")) name.remove_suffix(3);
  for (const char* end : {".csv", ".tsv", ".tab", ".txt"}) {
    if (name.ends_with(end)) return read_delimited(path, {.rows = options.rows, .values = options.values});
  }
  throw_runtime(
      path,
      ": has no supported extension; supported are .h5ad, .h5 (10x), folders with matrix.mtx, .csv, .tsv, .tab and ",
      ".txt (or .gz of these)");
}

}  // namespace latentcell::io
