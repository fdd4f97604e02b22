#pragma once

#include <span>
#include <string>
#include <utility>

#include <latentcell/data/align_genes.hpp>

namespace LATENTCELL_NAMESPACE::evaluate {

/// Returns the counts of some cells in the given genes.
/// rows (n), genes (G) -> (n, G)
inline Counts select_counts(const CellTable& cells, std::span<const Index> rows, std::span<const std::string> genes) {
  CellTable part;
  part.counts = select_rows(cells.counts, rows);
  part.gene_names = cells.gene_names;
  part.cell_columns = Annotation(Index(rows.size()));
  return std::move(align_genes(part, genes).cells.counts);
}

}  // namespace latentcell::evaluate
