#pragma once

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/io/delimited.hpp>
#include <latentcell/io/h5ad_read.hpp>
#include <latentcell/io/h5mu_read.hpp>
#include <latentcell/io/matrix_market.hpp>
#include <latentcell/io/tenx_hdf5.hpp>

namespace LATENTCELL_NAMESPACE::io {

struct ReadOptions {
  std::string layer = "";                        ///< h5ad: "" takes X, "raw" the raw counts, a name that layer
  Values values = Values::counts;                ///< what the matrix may hold
  std::string genome = "";                       ///< 10x: which genome, where there are several
  std::string feature_type = "Gene Expression";  ///< 10x: features of this type are kept; "" keeps all
  TableRows rows = TableRows::cells;             ///< CSV and TSV: what a row is
  bool try_first = true;                         ///< HDF5: a child process opens the file first

  static void visit(auto& self, auto&& f) {
    f("layer", self.layer);
    f("values", self.values);
    f("genome", self.genome);
    f("feature_type", self.feature_type);
    f("rows", self.rows);
    f("try_first", self.try_first);
  }
};

namespace detail {

inline std::string lower(std::string_view name) {
  std::string out(name);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? char(c + 32) : c;
  return out;
}

/// What a file is that is not read, and what to do about it; "" for other files.
inline std::string other_kind(std::string_view name) {
  const auto ends = [&](const char* end) { return name.ends_with(end); };
  if (ends(".h5ad.gz") || ends(".h5.gz") || ends(".h5mu.gz"))
    return "is gzipped, and HDF5 is read unpacked alone: gunzip it";
  if (ends(".rds") || ends(".rda") || ends(".rdata") || ends(".qs"))
    return "is a file of R; write it as h5ad, or as a matrix.mtx with barcodes and features";
  if (ends(".h5seurat"))
    return "is a file of SeuratDisk; Convert(\"FILE.h5seurat\", dest = \"h5ad\") makes an h5ad of it";
  if (ends(".loom"))
    return "is a loom file, which is not read; anndata.read_loom(...).write_h5ad(...) makes an h5ad of it";
  if (ends(".zip") || ends(".tar") || ends(".tar.gz") || ends(".tgz")) return "is an archive: unpack it";
  return "";
}

/// What an HDF5 file holds, by its groups.
inline CellTable read_any_hdf5(const std::string& path, const ReadOptions& options) {
  std::vector<std::string> groups;
  bool multimodal = false, view = false;
  {
    const Hdf5Quiet quiet;
    if (options.try_first) try_hdf5(path);
    const Hdf5Object root = Hdf5Object::open_file(path);
    groups = root.children();
    view = root.has_attribute(view_mark);
    multimodal = root.has("mod") && (attribute_text(root, "encoding-type") == "MuData" || !root.has("X"));
  }
  const auto has = [&](const char* name) { return std::find(groups.begin(), groups.end(), name) != groups.end(); };
  const H5adOptions h5ad{.layer = options.layer, .values = options.values, .try_first = view && options.try_first};
  if (multimodal) return read_h5mu(path, h5ad);
  if (has("row_attrs") && has("col_attrs")) throw_runtime(path, ": ", other_kind(".loom"));
  if (has("assays") && has("meta.data")) throw_runtime(path, ": ", other_kind(".h5seurat"));
  const bool tenx = !(has("obs") && has("var")) && !lower(path).ends_with(".h5ad");
  if (!tenx) return read_h5ad(path, h5ad);
  if (!options.layer.empty()) throw_runtime(path, ": has no layer '", options.layer, "': it is no h5ad file");
  return read_tenx_hdf5(
      path,
      {.genome = options.genome, .feature_type = options.feature_type, .values = options.values, .try_first = false});
}

}  // namespace detail

/// Reads cells from what path is: an h5ad or h5mu file, a 10x HDF5 file (.h5), a 10x folder or its matrix.mtx, a CSV or
/// TSV table (.csv, .tsv, .tab, .txt); text may be gzipped. HDF5 is recognised by its first bytes, whatever the file's
/// name. Throws std::runtime_error with one sentence naming the file, the field and the numbers.
inline CellTable read_cells(const std::string& path, const ReadOptions& options = {}) {
  const std::string lowered = detail::lower(path);
  std::string_view name = lowered;
  const bool folder = detail::is_folder(path);
  if (!folder && !detail::is_file(path)) throw_runtime(path, ": cannot be opened: ", std::strerror(ENOENT));
  const bool named_hdf5 =
      name.ends_with(".h5ad") || name.ends_with(".h5") || name.ends_with(".hdf5") || name.ends_with(".h5mu");
  const Hdf5Quiet quiet;
  if (!folder && (named_hdf5 || H5Fis_hdf5(path.c_str()) > 0)) return detail::read_any_hdf5(path, options);
  if (const std::string other = detail::other_kind(name); !other.empty()) throw_runtime(path, ": ", other);
  if (!options.layer.empty()) throw_runtime(path, ": has no layer '", options.layer, "': it is no h5ad file");
  if (folder || detail::ends_with_matrix(name)) {
    return read_matrix_market(
        path, {.genome = options.genome, .feature_type = options.feature_type, .values = options.values});
  }
  if (name.ends_with(".gz")) name.remove_suffix(3);
  for (const char* end : {".csv", ".tsv", ".tab", ".txt"}) {
    if (name.ends_with(end)) return read_delimited(path, {.rows = options.rows, .values = options.values});
  }
  throw_runtime(path, ": has no supported extension; supported are .h5ad, .h5mu, .h5 (10x), folders with matrix.mtx, ",
                ".csv, .tsv, .tab and .txt (text may be gzipped)");
}

}  // namespace latentcell::io
