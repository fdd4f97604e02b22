#pragma once

#include <string>
#include <utility>
#include <vector>

#include <latentcell/latent/obs_category.hpp>
#include <latentcell/latent/obs_genes.hpp>
#include <latentcell/latent/obs_numbers.hpp>
#include <latentcell/latent/obs_vectors.hpp>

namespace LATENTCELL_NAMESPACE {

// An attribute is a covariate encoder with a reader of its condition values from obs. A reader has
//   name()                     of the attribute
//   columns()                  condition values per cell
//   obs_columns()              names of the obs columns that it reads
//   read(obs, to)              condition values of all cells, to (N, columns())
//   parse(value, to)           condition values of one cell from a caller's ConditionValue; throws for one of
//                              another kind
//   write(cells, obs)          adds the obs columns back

/// An encoder with the obs columns that it reads.
template <class Reader, CovariateEncoder Encoder>
struct FromObs {
  using Scalar = typename Encoder::Scalar;
  Reader reader;
  Encoder conditioner;

  FromObs(Reader r, Encoder e) : reader(std::move(r)), conditioner(std::move(e)) {
    LATENTCELL_REQUIRE(reader.columns() == conditioner.columns(), "from_obs: '", reader.name(), "' gives ",
                       reader.columns(), " numbers a cell but its encoder reads ", conditioner.columns());
  }

  static constexpr Index attributes = 1;
  Index columns() const { return reader.columns(); }
  Index width() const { return conditioner.width(); }
  /// Calls f(reader, first column) for each attribute.
  void each(auto&& f) const { f(reader, Index(0)); }
  /// cells (B, columns()) -> (B, width())
  Var<Scalar> operator()(Tape<Scalar>& tape, ConstView<float> cells) const { return conditioner(tape, cells); }

  static void visit(auto& self, auto&& f) {
    f("reader", self.reader);
    f("conditioner", self.conditioner);
  }
};

/// Labels.   -> FromObs<ObsCategory, E>
template <CovariateEncoder E>
auto from_obs(std::string column, std::vector<std::string> levels, E encoder) {
  LATENTCELL_REQUIRE(Index(levels.size()) == encoder.levels(), "from_obs: column '", column, "' has ", levels.size(),
                     " levels but its encoder ", encoder.levels());
  return FromObs<ObsCategory, E>{{std::move(column), std::move(levels)}, std::move(encoder)};
}

/// Numbers, one column each.   -> FromObs<ObsNumbers, E>
template <CovariateEncoder E>
auto from_obs(ObsNumbers columns, E encoder) {
  LATENTCELL_REQUIRE(!columns.names.empty(), "from_obs: no column is named");
  return FromObs<ObsNumbers, E>{std::move(columns), std::move(encoder)};
}

/// Perturbed genes.   -> FromObs<ObsGenes, E>
template <CovariateEncoder E>
auto from_obs(ObsGenes column, E encoder) {
  return FromObs<ObsGenes, E>{std::move(column), std::move(encoder)};
}

/// Vectors.   -> FromObs<ObsVectors, E>
template <CovariateEncoder E>
auto from_obs(ObsVectors column, E encoder) {
  return FromObs<ObsVectors, E>{std::move(column), std::move(encoder)};
}

}  // namespace latentcell
