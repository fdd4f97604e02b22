#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/data/align_genes.hpp>
#include <latentcell/data/append_cells.hpp>
#include <latentcell/data/read_numeric_column.hpp>
#include <latentcell/spatial/tissue.hpp>

namespace LATENTCELL_NAMESPACE::spatial {

/// Joins slices in order. Kept are the genes that all slices have; cell names begin with "sliceK_" and the only obs
/// column is "slice", K from 1.
/// slices: nothing for one that was not measured; held_out: a slice from 0 whose genes are not asked for, or -1
inline Tissue join_slices(const std::vector<std::optional<Tissue>>& slices, int held_out = -1) {
  std::vector<std::string> shared;
  int measured = 0;
  for (std::size_t k = 0; k < slices.size(); ++k) {
    if (!slices[k] || int(k) == held_out) continue;
    std::vector<std::string> sorted = slices[k]->cells.gene_names;
    if (measured++ == 0) shared = sorted;
    std::sort(sorted.begin(), sorted.end());
    std::erase_if(shared, [&](const std::string& g) { return !std::binary_search(sorted.begin(), sorted.end(), g); });
  }
  LATENTCELL_REQUIRE(measured > 0, "join_slices: none of ", slices.size(), " slices is measured and not held out");
  LATENTCELL_REQUIRE(!shared.empty(), "join_slices: ", measured, " slices have no gene in common");
  Tissue out;
  out.slices = int(slices.size());
  for (std::size_t k = 0; k < slices.size(); ++k) {
    if (!slices[k]) continue;
    CellTable t = align_genes(slices[k]->cells, shared).cells;
    for (std::string& name : t.cell_names) name = text("slice", k + 1, "_", name);
    t.cell_columns = Annotation(t.cells());
    t.cell_columns.set("slice", std::vector<double>(to_size(t.cells()), double(k + 1)));
    Locations& at = out.locations;
    at.slice.insert(at.slice.end(), to_size(t.cells()), int(k));
    at.coordinates.conservativeResize(at.coordinates.rows() + t.cells(), 2);
    at.coordinates.bottomRows(t.cells()) = slices[k]->locations.coordinates;
    append_cells(out.cells, t);
  }
  return out;
}

/// Returns slices from 0 of numbers from 1.
/// Throws std::invalid_argument, naming the location, for a number that is not a slice.
inline std::vector<int> slice_codes(const std::vector<double>& numbers, int slices,
                                    const std::vector<std::string>& names) {
  std::vector<int> out;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const double k = numbers[i];
    LATENTCELL_REQUIRE(k >= 1 && k <= slices && k == std::floor(k), "'", names[i], "' lies in no slice: ", k,
                       " is none of 1 to ", slices);
    out.push_back(int(k) - 1);
  }
  return out;
}

/// Puts the cells of a tissue into `slices` slices, by their obs "slice" from 1.
/// Throws std::invalid_argument for a label that is no number, or a number that is not a slice.
inline void assign_slices(Tissue& tissue, int slices) {
  LATENTCELL_REQUIRE(tissue.cells.cell_columns.has("slice"), "assign_slices: needs obs 'slice', as there are ", slices,
                     " slices");
  tissue.slices = slices;
  const std::vector<double> numbers = read_numeric_column(tissue.cells.cell_columns, "slice");
  tissue.locations.slice = slice_codes(numbers, slices, tissue.cells.cell_names);
}

}  // namespace latentcell::spatial
