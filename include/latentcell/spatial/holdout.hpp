#pragma once

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/spatial/coarsen.hpp>
#include <latentcell/spatial/slices.hpp>

namespace LATENTCELL_NAMESPACE::spatial {

/// Which part of a tissue is given and which is to be predicted.
struct ImputationTask {
  Tissue reference;  ///< cells or spots that were measured
  Tissue query;      ///< locations to predict; in gene imputation, cells measured with a panel of genes
  std::vector<std::string> missing_genes = {};  ///< of gene imputation: to predict, not in the panel
  std::vector<Index> spot = {};         ///< super-resolution: the reference spot of each query location; else empty
  bool spots_are_means = false;         ///< counts of a spot are means over its cells, not sums
  std::optional<CellTable> truth = {};  ///< of the query locations, for evaluation

  bool imputes_genes() const { return !missing_genes.empty(); }
};

/// What a hold-out hides.
enum class Hide {
  region,  ///< all cells of one level of an obs column
  spots,   ///< a random share of the cells
  slice,   ///< one slice
  genes,   ///< random genes in a random half of the cells
  grid     ///< single cells: the reference is their means over the squares of a grid
};

struct SpatialHoldout {
  Hide hide = Hide::spots;
  double amount = 0.5;  ///< spots: share, in (0, 1); slice: number, from 1; genes: number; grid: side of the squares in
                        ///< mean neighbour distances, above 1
  std::string level = {};         ///< region: the level that is hidden
  std::string column = "region";  ///< region: the obs column
};

/// Reads a hold-out: region:LEVEL, spots:SHARE, slice:N, genes:N or grid:SIDE.
/// Throws std::invalid_argument for anything else.
inline SpatialHoldout parse_holdout(const std::string& words, const std::string& column = "region") {
  const std::size_t cut = std::min(words.find(':'), words.size());
  const std::string kind = words.substr(0, cut), value = cut < words.size() ? words.substr(cut + 1) : "";
  constexpr std::pair<const char*, Hide> kinds[] = {{"region", Hide::region},
                                                    {"spots", Hide::spots},
                                                    {"slice", Hide::slice},
                                                    {"genes", Hide::genes},
                                                    {"grid", Hide::grid}};
  for (const auto& [name, hide] : kinds) {
    if (kind != name) continue;
    if (hide == Hide::region) return {hide, 0, value, column};
    char* end = nullptr;
    const double amount = std::strtod(value.c_str(), &end);
    LATENTCELL_REQUIRE(!value.empty() && *end == '\0', "holdout: '", value, "' in '", words, "' is not a number");
    return {hide, amount, "", column};
  }
  throw_invalid("holdout: '", words, "' is none of region:LEVEL, spots:SHARE, slice:N, genes:N, grid:SIDE");
}

namespace detail {

/// Rows of the cells that a hold-out hides, ascending.
inline std::vector<Index> hidden_rows(const Tissue& tissue, const SpatialHoldout& of, Rng& rng) {
  const Index n = tissue.cells.cells();
  std::vector<Index> out;
  switch (of.hide) {
    case Hide::region: {
      const Categorical regions = tissue.cells.obs(of.column);
      const int code = regions.code_of(of.level);
      for (Index i = 0; i < n; ++i) {
        if (regions.codes[to_size(i)] == code) out.push_back(i);
      }
      break;
    }
    case Hide::spots:
      LATENTCELL_REQUIRE(of.amount > 0 && of.amount < 1, "holdout: a share of spots lies between 0 and 1, got ",
                         of.amount);
      out = metric::subsample_rows(n, Index(of.amount * double(n)), rng);
      break;
    case Hide::slice:
      LATENTCELL_REQUIRE(tissue.slices >= 2, "holdout: slice ", of.amount, " of a tissue of one slice");
      LATENTCELL_REQUIRE(of.amount >= 1 && of.amount <= tissue.slices && of.amount == std::floor(of.amount),
                         "holdout: there are slices 1 to ", tissue.slices, ", not ", of.amount);
      out = rows_of_slice(tissue.locations, int(of.amount) - 1);
      break;
    case Hide::genes:
      out = metric::subsample_rows(n, n / 2, rng);
      break;
    case Hide::grid:
      for (Index i = 0; i < n; ++i) out.push_back(i);
  }
  LATENTCELL_REQUIRE(out.size() >= 8, "holdout: only ", out.size(), " cells are hidden; needs 8");
  return out;
}

/// Random genes, in the table's order.
inline std::vector<std::string> hidden_genes(const CellTable& cells, double amount, Rng& rng) {
  LATENTCELL_REQUIRE(amount >= 1 && amount < double(cells.genes()) && amount == std::floor(amount), "holdout: of ",
                     cells.genes(), " genes 1 to ", cells.genes() - 1, " can be held out, not ", amount);
  std::vector<std::string> out;
  for (const Index g : metric::subsample_rows(cells.genes(), Index(amount), rng))
    out.push_back(cells.gene_names[to_size(g)]);
  return out;
}

}  // namespace detail

/// Hides part of a tissue for an honest evaluation. Hidden cells serve as locations to predict and as truth, nothing
/// else; with grid, also in the means of their squares.
/// Throws std::invalid_argument if fewer than 8 cells would be hidden.
inline ImputationTask hold_out(const Tissue& tissue, const SpatialHoldout& of, Rng& rng) {
  if (of.hide == Hide::grid)
    LATENTCELL_REQUIRE(of.amount > 1, "holdout: squares of a grid are more than 1 neighbour distance wide, got ",
                       of.amount);
  ImputationTask out;
  const std::vector<Index> hidden = detail::hidden_rows(tissue, of, rng);
  if (of.hide == Hide::genes) out.missing_genes = detail::hidden_genes(tissue.cells, of.amount, rng);
  out.query = tissue.select(hidden);
  out.truth = out.query.cells;
  if (of.hide == Hide::grid) {
    CoarseTissue coarse = coarsen(tissue, of.amount * mean_neighbor_distance(tissue.locations, tissue.slices));
    out.reference = std::move(coarse.spots);
    out.spot = std::move(coarse.spot);
    out.spots_are_means = true;
    return out;
  }
  std::vector<Index> kept;
  for (Index i = 0; i < tissue.cells.cells(); ++i) {
    if (!std::binary_search(hidden.begin(), hidden.end(), i)) kept.push_back(i);
  }
  LATENTCELL_REQUIRE(!kept.empty(), "holdout: all ", hidden.size(), " cells are hidden");
  out.reference = tissue.select(kept);
  return out;
}

/// Returns the task of predicting the genes that cells measured with a panel lack.
/// Throws std::invalid_argument if the panel shares no gene with the reference, or lacks none.
inline ImputationTask impute_missing_genes(const Tissue& reference, const Tissue& panel) {
  ImputationTask out{reference, panel};
  std::vector<std::string> measured = panel.cells.gene_names;
  std::sort(measured.begin(), measured.end());
  for (const std::string& g : reference.cells.gene_names) {
    if (!std::binary_search(measured.begin(), measured.end(), g)) out.missing_genes.push_back(g);
  }
  LATENTCELL_REQUIRE(Index(out.missing_genes.size()) < reference.cells.genes(), "panel: none of its ",
                     panel.cells.genes(), " genes is in the reference");
  LATENTCELL_REQUIRE(!out.missing_genes.empty(), "panel: has all ", reference.cells.genes(),
                     " genes of the reference, so there is none to predict");
  return out;
}

}  // namespace latentcell::spatial
