#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/data/match_genes.hpp>

namespace LATENTCELL_NAMESPACE {

/// A table in the genes of another one.
struct AlignedGenes {
  CellTable cells;
  Index missing = 0;     ///< target genes that the table does not have: zero counts
  Index extra = 0;       ///< genes of the table that are no target genes: left out
  std::string how = "";  ///< what was compared beside names; empty: names alone
};

/// Brings a table to the given genes, in the given order, matched as match_genes does. Columns of var go along where
/// the table has all genes.
/// Throws std::invalid_argument without target genes or names of the table's genes, and where no gene is in both.
inline AlignedGenes align_genes(const CellTable& cells, std::span<const std::string> genes) {
  LATENTCELL_REQUIRE(!genes.empty(), "align_genes: there are no target genes for the ", cells.genes(),
                     " genes of the table");
  LATENTCELL_REQUIRE(cells.genes() > 0 && Index(cells.gene_names.size()) == cells.genes(),
                     "align_genes: the table has ", cells.gene_names.size(), " gene names for ", cells.genes(),
                     " genes");
  const GeneMatch match = match_genes(cells, genes);
  const std::vector<std::int32_t>& to = match.place;
  AlignedGenes out;
  const Index shared = match.matched;
  out.extra = cells.genes() - shared;
  out.how = match.how();
  std::string columns;
  for (const auto& [name, column] : cells.gene_columns.columns()) columns += (columns.empty() ? "" : ", ") + name;
  LATENTCELL_REQUIRE(shared > 0, "none of ", cells.genes(), " genes (", cells.gene_names.front(),
                     ", ...) is among the ", genes.size(), " target ones (", genes.front(), ", ...), by name",
                     columns.empty() ? "" : " or by var " + columns);
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
  if (out.missing == 0) {
    std::vector<Index> from_gene(genes.size());
    for (std::size_t g = 0; g < to.size(); ++g) {
      if (to[g] >= 0) from_gene[std::size_t(to[g])] = Index(g);
    }
    out.cells.gene_columns = cells.gene_columns.select(from_gene);
  }
  return out;
}

}  // namespace latentcell
