#pragma once

#include <span>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <latentcell/core/counts.hpp>
#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE {

/// Counts of one kind, cells by features, some of whose cells were not measured.
struct Modality {
  std::string name;
  Counts counts;                      ///< (N, F); rows of cells that were not measured are empty
  std::vector<char> measured;         ///< (N)
  std::vector<std::string> features;  ///< (F)
  bool scaled = false;                ///< counts are at a common depth already: their own totals mean nothing

  Index cells() const { return counts.rows(); }
};

/// A modality from a dense table, as obsm holds it; rows with a NaN were not measured.
/// values (N, F), counts. Throws std::invalid_argument for a negative number or features of another number.
inline Modality dense_modality(const std::string& name, const Matrix<float>& values,
                               std::vector<std::string> features = {}) {
  LATENTCELL_REQUIRE(features.empty() || Index(features.size()) == values.cols(), "modality '", name, "' has ",
                     values.cols(), " columns but ", features.size(), " names");
  Modality out{name, Counts(values.cols()), {}, std::move(features)};
  for (Index i = 0; i < values.rows(); ++i) {
    const bool finite = values.row(i).allFinite();
    out.measured.push_back(finite);
    for (Index f = 0; f < values.cols() && finite; ++f) {
      LATENTCELL_REQUIRE(values(i, f) >= 0, "modality '", name, "': cell ", i, " has ", values(i, f),
                         " where a count is needed");
      if (values(i, f) > 0) out.counts.push(std::int32_t(f), values(i, f));
    }
    out.counts.end_row();
  }
  for (Index f = Index(out.features.size()); f < values.cols(); ++f) out.features.push_back(text(name, "_", f + 1));
  return out;
}

/// Some cells of a modality, in that order.
inline Modality select_cells(const Modality& from, std::span<const Index> rows) {
  Modality out{from.name, select_rows(from.counts, rows), {}, from.features, from.scaled};
  for (const Index r : rows) out.measured.push_back(from.measured[to_size(r)]);
  return out;
}

/// Some features of a modality, in its own order. Throws std::invalid_argument where it lacks one.
inline Modality select_features(const Modality& from, const std::vector<std::string>& features) {
  const std::unordered_set<std::string> chosen(features.begin(), features.end());
  std::vector<Index> columns;
  Modality out{from.name, {}, from.measured, {}, from.scaled};
  for (std::size_t f = 0; f < from.features.size(); ++f) {
    if (!chosen.contains(from.features[f])) continue;
    columns.push_back(Index(f));
    out.features.push_back(from.features[f]);
  }
  LATENTCELL_REQUIRE(out.features == features, "modality '", from.name, "' has ", columns.size(), " of the ",
                     features.size(), " features asked for, or in another order");
  out.counts = select_cols(from.counts.view(), columns);
  return out;
}

/// The same with every cell's values hidden.
inline Modality hide(Modality m) {
  m.measured.assign(m.measured.size(), char(0));
  return m;
}

}  // namespace latentcell
