#pragma once

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <latentcell/io/h5ad_read.hpp>

namespace LATENTCELL_NAMESPACE::io {

namespace detail {

/// The first of the names that a file has as a modality; "" where it has none of them.
inline std::string find_modality(const std::vector<std::string>& present, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (std::find(present.begin(), present.end(), name) != present.end()) return name;
  }
  return "";
}

/// Adds the counts of another modality as an embedding of the same cells, NaN in a cell that it has not.
inline void add_modality(CellTable& to, const CellTable& from, const std::string& key) {
  std::unordered_map<std::string_view, Index> row;
  for (std::size_t i = 0; i < from.cell_names.size(); ++i) row.emplace(from.cell_names[i], Index(i));
  Matrix<float> out = Matrix<float>::Constant(to.cells(), from.genes(), std::nanf(""));
  const CountsView counts = from.counts.view();
  for (Index i = 0; i < to.cells(); ++i) {
    const auto at = row.find(to.cell_names[to_size(i)]);
    if (at == row.end()) continue;
    out.row(i).setZero();
    const auto columns = counts.row_columns(at->second);
    for (std::size_t k = 0; k < columns.size(); ++k) out(i, columns[k]) = counts.row_values(at->second)[k];
  }
  to.embeddings[key] = std::move(out);
  to.strings[key + "_columns"] = from.gene_names;
}

}  // namespace detail

/// Reads the RNA of a MuData file as read_h5ad does, and its proteins as the obsm entry "protein_expression" with their
/// names in strings as "protein_expression_columns"; cells without proteins have NaN. Columns of obs of the file as a
/// whole are not read. The modalities are found by the
/// names that muon gives them. Others are left out, with a note. Throws std::runtime_error where there is no RNA.
inline CellTable read_h5mu(const std::string& path, const H5adOptions& options = {}) {
  const Hdf5Quiet quiet;
  if (options.try_first) try_hdf5(path);
  const Hdf5Object root = Hdf5Object::open_file(path);
  if (!root.has("mod")) root.fail("has no 'mod', so it is no h5mu file; there are ", Hdf5Object::list(root.children()));
  const Hdf5Object modalities = root.open("mod");
  std::vector<std::string> others = modalities.children();
  const std::string rna = detail::find_modality(others, {"rna", "RNA", "gex", "GEX"});
  if (rna.empty()) modalities.fail("has no modality 'rna'; there are ", Hdf5Object::list(others));
  const std::string protein = detail::find_modality(others, {"prot", "protein", "adt", "ADT"});
  CellTable out = read_h5ad(modalities.open(rna), options);
  std::erase(others, rna);
  if (!protein.empty()) {
    std::erase(others, protein);
    const CellTable proteins = read_h5ad(modalities.open(protein), {.values = Values::any});
    detail::add_modality(out, proteins, "protein_expression");
    out.notes.push_back(text(path, ": the proteins of '", protein, "' are the obsm entry 'protein_expression'"));
  }
  for (const char* place : {"obsm", "obsp", "uns"}) {
    const std::optional<Hdf5Object> of_all = root.find(place);
    if (of_all && !of_all->children().empty())
      out.notes.push_back(text(path, ": '", place, "' of the file as a whole is left out, which has ",
                               Hdf5Object::list(of_all->children())));
  }
  if (!others.empty()) out.notes.push_back(text(path, ": modalities left out: ", Hdf5Object::list(others)));
  out.check();
  return out;
}

}  // namespace latentcell::io
