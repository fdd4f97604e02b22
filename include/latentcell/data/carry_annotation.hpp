#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <latentcell/data/cell_table.hpp>

namespace LATENTCELL_NAMESPACE {

/// Gives a table what another one says of its genes and of the data as a whole: columns of var, varm, varp and uns.
/// What the table has already stays. Where the other has further genes, the columns of the table's own are picked;
/// where it lacks some, none are taken. uns/latentcell, uns/log1p, which say how a file was made, are never taken.
inline void carry_annotation(CellTable& to, const CellTable& from) {
  std::vector<Index> rows;
  if (to.gene_names != from.gene_names) {
    std::unordered_map<std::string_view, Index> place;
    for (std::size_t g = 0; g < from.gene_names.size(); ++g) place.emplace(from.gene_names[g], Index(g));
    for (const std::string& name : to.gene_names) {
      const auto at = place.find(name);
      if (at == place.end()) break;
      rows.push_back(at->second);
    }
  }
  const bool same = to.gene_names == from.gene_names;
  if (same || Index(rows.size()) == to.genes()) {
    for (const auto& [name, column] : from.gene_columns.columns()) {
      if (!to.gene_columns.has(name)) to.gene_columns.set(name, same ? column : select_rows(column, rows));
    }
    if (to.gene_columns.index_name().empty()) to.gene_columns.set_index_name(from.gene_columns.index_name());
  }
  for (const auto& [place, value] : from.stored) {
    const bool of_genes = place.starts_with("varm/") || place.starts_with("varp/");
    const bool of_all = place.starts_with("uns/") && place != "uns/latentcell" && place != "uns/log1p";
    if ((of_genes && same) || of_all) to.stored.emplace(place, value);
  }
  for (const auto& [name, texts] : from.strings) {
    if (name != "latentcell") to.strings.emplace(name, texts);
  }
}

/// What one table has and another does not, by place: "obs/donor, obsm/X_umap, layers/spliced".
inline std::vector<std::string> left_out(const CellTable& from, const CellTable& in) {
  std::vector<std::string> out;
  for (const auto& [name, column] : from.cell_columns.columns()) {
    if (!in.cell_columns.has(name)) out.push_back("obs/" + name);
  }
  for (const auto& [name, column] : from.gene_columns.columns()) {
    if (!in.gene_columns.has(name)) out.push_back("var/" + name);
  }
  for (const auto& [name, matrix] : from.embeddings) {
    if (in.embeddings.count(name) == 0) out.push_back("obsm/" + name);
  }
  for (const auto& [name, texts] : from.strings) {
    if (in.strings.count(name) == 0 && in.stored.count("uns/" + name) == 0) out.push_back("uns/" + name);
  }
  for (const auto& [place, value] : from.stored) {
    if (in.stored.count(place) == 0) out.push_back(place);
  }
  return out;
}

}  // namespace latentcell
