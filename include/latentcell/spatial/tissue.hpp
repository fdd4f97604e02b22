#pragma once

#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <latentcell/data/cell_table.hpp>
#include <latentcell/metric/subsample.hpp>
#include <latentcell/spatial/locations.hpp>

namespace LATENTCELL_NAMESPACE::spatial {

/// Cells of one or several slices with their locations.
struct Tissue {
  CellTable cells;
  Locations locations;
  int slices = 1;  ///< slices there are, also those without cells

  /// Returns the cells named by `rows`, in that order.
  Tissue select(const std::vector<Index>& rows) const {
    Tissue out{cells.select_cells(rows), {metric::pick_rows(view(locations.coordinates), rows), {}}, slices};
    for (const Index r : rows) out.locations.slice.push_back(locations.slice[to_size(r)]);
    return out;
  }
};

/// Returns cells as one slice, located by the first two columns of `coordinates`. Embeddings and lists of strings are
/// dropped.
/// coordinates: finite, of two columns at least
/// shapes: coordinates (N, 2)
inline Tissue make_tissue(CellTable cells, const Matrix<float>& coordinates) {
  LATENTCELL_REQUIRE(coordinates.rows() == cells.cells() && coordinates.cols() >= 2, "make_tissue: coordinates (",
                     coordinates.rows(), ", ", coordinates.cols(), ") for ", cells.cells(),
                     " cells; needs two columns at least");
  LATENTCELL_REQUIRE(coordinates.allFinite(), "make_tissue: some cells lack coordinates");
  Tissue out{{}, {coordinates.leftCols(2), std::vector<int>(to_size(cells.cells()), 0)}, 1};
  cells.embeddings.clear();
  cells.strings.clear();
  out.cells = std::move(cells);
  return out;
}

/// Returns the rows of one slice, ascending.
inline std::vector<Index> rows_of_slice(const Locations& locations, int slice) {
  std::vector<Index> out;
  for (Index i = 0; i < Index(locations.slice.size()); ++i) {
    if (locations.slice[to_size(i)] == slice) out.push_back(i);
  }
  return out;
}

/// Returns the cells whose obs `column` has this value; a column of numbers is compared as numbers.
/// Throws std::invalid_argument for a column, level or number that there is not, or if no cell has the value.
inline Tissue subset(const Tissue& from, const std::string& column, const std::string& value) {
  std::vector<Index> rows;
  const auto take = [&](auto matches) {
    for (Index i = 0; i < from.cells.cells(); ++i) {
      if (matches(to_size(i))) rows.push_back(i);
    }
  };
  const Column& of = from.cells.cell_columns.get(column);
  if (const auto numbers = to_numbers(of)) {
    char* end = nullptr;
    const double number = std::strtod(value.c_str(), &end);
    LATENTCELL_REQUIRE(!value.empty() && *end == '\0', "subset: '", value, "' is not a number, as '", column,
                       "' holds");
    take([&](std::size_t i) { return (*numbers)[i] == number; });
  } else {
    const Categorical labels = from.cells.obs(column);
    const int code = labels.code_of(value);
    take([&](std::size_t i) { return labels.codes[i] == code; });
  }
  LATENTCELL_REQUIRE(!rows.empty(), "subset: none of ", from.cells.cells(), " cells has ", column, " = ", value);
  return from.select(rows);
}

}  // namespace latentcell::spatial
