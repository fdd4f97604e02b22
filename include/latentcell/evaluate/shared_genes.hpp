#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <latentcell/data/cell_table.hpp>
#include <latentcell/data/filter.hpp>

namespace LATENTCELL_NAMESPACE::evaluate {

/// A table and its name in messages.
struct NamedCells {
  const char* name = "";
  const CellTable* cells = nullptr;
};

namespace detail {

/// Counts in how many tables each gene of the first one is; of the second table's, in how many cells it is detected.
struct GeneOverlap {
  std::vector<Index> tables;    ///< (G) of the other tables
  std::vector<Index> detected;  ///< (G) cells of the first two
};

inline GeneOverlap overlap_of(std::span<const NamedCells> tables, std::vector<std::string>& notes) {
  const CellTable& first = *tables.front().cells;
  GeneOverlap out{std::vector<Index>(to_size(first.genes()), 0), gene_totals(first.counts).detected};
  std::unordered_map<std::string_view, std::size_t> place;
  for (std::size_t g = 0; g < first.gene_names.size(); ++g) place.emplace(first.gene_names[g], g);
  for (std::size_t t = 1; t < tables.size(); ++t) {
    const CellTable& other = *tables[t].cells;
    const std::vector<Index> more = t == 1 ? gene_totals(other.counts).detected : std::vector<Index>();
    Index shared = 0;
    for (std::size_t g = 0; g < other.gene_names.size(); ++g) {
      const auto at = place.find(other.gene_names[g]);
      if (at == place.end()) continue;
      ++shared;
      ++out.tables[at->second];
      if (t == 1) out.detected[at->second] += more[g];
    }
    LATENTCELL_REQUIRE(shared > 0, "shared_genes: none of the ", other.genes(), " genes of the ", tables[t].name,
                       " cells (", other.genes() > 0 ? other.gene_names.front() : "none", ", ...) is among the ",
                       first.genes(), " of the ", tables.front().name, " cells (",
                       first.genes() > 0 ? first.gene_names.front() : "none", ", ...)");
    if (shared < first.genes()) {
      notes.push_back(text(first.genes() - shared, " of ", first.genes(), " genes are missing from the ",
                           tables[t].name, " cells: not evaluated"));
    }
    if (shared < other.genes()) {
      notes.push_back(text(other.genes() - shared, " of ", other.genes(), " genes of the ", tables[t].name,
                           " cells are not among those of the ", tables.front().name, " cells: not evaluated"));
    }
  }
  return out;
}

}  // namespace detail

/// Returns the genes of the first table that all others have too and that `min_cells` cells of the first two have
/// counts of, in the order of the first table. Adds to `notes` what was left out. Throws std::invalid_argument with the
/// table that shares no gene with the first, and for fewer than 3 genes.
inline std::vector<std::string> shared_genes(std::span<const NamedCells> tables, Index min_cells,
                                             std::vector<std::string>& notes) {
  const detail::GeneOverlap overlap = detail::overlap_of(tables, notes);
  std::vector<std::string> out;
  Index rare = 0;
  for (std::size_t g = 0; g < overlap.tables.size(); ++g) {
    if (overlap.tables[g] + 1 < Index(tables.size())) continue;
    if (overlap.detected[g] >= min_cells) {
      out.push_back(tables.front().cells->gene_names[g]);
    } else {
      ++rare;
    }
  }
  if (rare > 0) notes.push_back(text(rare, " genes have counts in fewer than ", min_cells, " cells: not evaluated"));
  LATENTCELL_REQUIRE(out.size() >= 3, "shared_genes: needs at least 3 genes that all cells share and that ", min_cells,
                     " real cells or more have counts of, got ", out.size());
  return out;
}

}  // namespace latentcell::evaluate
