#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include <latentcell/data/cell_table.hpp>

namespace latentcell {

/// A table in the genes of another one.
struct AlignedGenes {
  CellTable cells;
  Index missing = 0;  ///< target genes that the table does not have: zero counts
  Index extra = 0;    ///< genes of the table that are no target genes: left out
};

/// Brings a table to the given genes, in the given order, matched by name.
/// Throws std::invalid_argument without target genes or names of the table's genes, and where no gene is in both.
inline AlignedGenes align_genes(const CellTable& cells, std::span<const std::string> genes) {
  LATENTCELL_REQUIRE(!genes.empty(), "align_genes: there are no target genes for the ", cells.genes(),
                     " genes of the table");
  LATENTCELL_REQUIRE(cells.genes() > 0 && Index(cells.gene_names.size()) == cells.genes(),
                     "align_genes: the table has ", cells.gene_names.size(), " gene names for ", cells.genes(),
                     " genes");
  std::unordered_map<std::string_view, std::int32_t> place;
  for (std::size_t g = 0; g < genes.size(); ++g) place.emplace(genes[g], std::int32_t(g));
  std::vector<std::int32_t> to(to_size(cells.genes()), -1);
  AlignedGenes out;
  for (std::size_t g = 0; g < to.size(); ++g) {
    const auto at = place.find(cells.gene_names[g]);
    if (at != place.end()) to[g] = at->second;
    out.extra += at == place.end();
  }
  const Index shared = cells.genes() - out.extra;
  LATENTCELL_REQUIRE(shared > 0, "align_genes: none of ", cells.genes(), " genes (", cells.gene_names.front(),
                     ", ...) is among the ", genes.size(), " target ones (", genes.front(), ", ...)");
  out.missing = Index(genes.size()) - shared;
  out.cells.counts = Counts(Index(genes.size()));
  const CountsView from = cells.counts.view();
  std::vector<std::pair<std::int32_t, float>> row;
  for (Index b = 0; b < from.rows; ++b) {
    row.clear();
    for (std::int64_t k = from.row_start[b]; k < from.row_start[b + 1]; ++k) {
      if (to[std::size_t(from.columns[k])] >= 0) row.emplace_back(to[std::size_t(from.columns[k])], from.values[k]);
    }
    std::sort(row.begin(), row.end());
    for (const auto& [column, value] : row) out.cells.counts.push(column, value);
    out.cells.counts.end_row();
  }
  out.cells.cell_names = cells.cell_names;
  out.cells.cell_columns = cells.cell_columns;
  out.cells.embeddings = cells.embeddings;
  out.cells.strings = cells.strings;
  out.cells.stored = without_places(cells.stored, {"layers/", "varm/", "varp/"});
  out.cells.gene_names.assign(genes.begin(), genes.end());
  out.cells.gene_columns = Annotation(Index(genes.size()));
  return out;
}

}  // namespace latentcell
