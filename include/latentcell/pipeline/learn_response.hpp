#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <variant>
#include <vector>

#include <latentcell/pipeline/perturbation.hpp>

namespace latentcell {

namespace detail {

/// Cells of one condition at about the same dose.
struct DosedCells {
  double dose;  // their mean; NaN where the model has none
  std::vector<Index> cells;
};

/// Cuts cells into at most eight ranges of dose of about equal numbers; cells whose dose is not positive are left out,
/// as they say nothing of its effect.
inline std::vector<DosedCells> by_dose(std::vector<Index> cells, const std::vector<double>* dose) {
  constexpr std::size_t most = 8;
  if (dose == nullptr) return {{std::numeric_limits<double>::quiet_NaN(), std::move(cells)}};
  const auto of = [&](Index i) { return (*dose)[to_size(i)]; };
  std::erase_if(cells, [&](Index i) { return !(of(i) > 0 && std::isfinite(of(i))); });
  std::stable_sort(cells.begin(), cells.end(), [&](Index a, Index b) { return of(a) < of(b); });
  std::vector<DosedCells> out;
  const std::size_t wanted = (cells.size() + most - 1) / most;
  for (const Index i : cells) {
    // One dose is never in two ranges.
    if (out.empty() || (out.back().cells.size() >= wanted && of(out.back().cells.back()) < of(i))) out.push_back({});
    out.back().cells.push_back(i);
  }
  for (DosedCells& range : out) {
    double sum = 0;
    for (const Index i : range.cells) sum += of(i);
    range.dose = sum / double(range.cells.size());
  }
  return out;
}

}  // namespace detail

/// Learns what the model gets wrong about a perturbation everywhere: predicts the groups whose answer is known, and
/// takes, gene by gene, (counts seen + belief) / (counts predicted + belief) over all of them. What a latent of few
/// dimensions cannot hold, but all groups have in common, is so carried over to the next group. With a dose the error
/// is taken to grow in proportion to it on the scale of logarithms: what is seen over all doses goes to the power of
/// dose_scale over their mean, and predict takes it to the power of its dose. o.dose is not looked at. Throws
/// std::invalid_argument where o.residual is not finite.
/// train (N, G): the cells that the model was trained on
inline void learn_response(Perturbation& model, const CellTable& train, const PredictOptions& o, Rng& rng) {
  const PerturbationOptions& m = model.options;
  LATENTCELL_REQUIRE(std::isfinite(o.residual), "learn_response: residual must be finite, got ", o.residual);
  const Categorical what = train.obs(m.condition);
  const Categorical of = m.group.empty() ? no_labels(train.cells()) : train.obs(m.group);
  const std::vector<double>* const doses =
      m.dose.empty() ? nullptr : std::get_if<std::vector<double>>(&train.cell_columns.get(m.dose));
  LATENTCELL_REQUIRE(m.dose.empty() || doses != nullptr, "learn_response: column '", m.dose,
                     "' holds labels, not numbers");
  const Index genes = model.vae.genes();
  const CountsView counts = train.counts;
  for (std::size_t s = 0; s < m.seen.size(); ++s) {
    const int wanted = what.code(m.seen[s]), none = what.code(m.control);
    std::vector<Index> of_condition;
    for (Index i = 0; i < train.cells(); ++i) {
      if (of.codes[to_size(i)] >= 0 && what.codes[to_size(i)] == wanted) of_condition.push_back(i);
    }
    std::vector<double> seen(to_size(genes), o.residual), predicted(to_size(genes), o.residual);
    std::vector<double> amount(to_size(genes), 0.0);  // of dose, over dose_scale, in the predicted counts
    for (const detail::DosedCells& range : detail::by_dose(of_condition, doses)) {
      const double share = m.dose.empty() ? 1.0 : range.dose / double(m.dose_scale);
      std::vector<std::vector<Index>> perturbed(of.levels.size());
      for (const Index i : range.cells) perturbed[std::size_t(of.codes[to_size(i)])].push_back(i);
      std::vector<Index> controls;
      for (Index i = 0; i < train.cells(); ++i) {
        const int g = of.codes[to_size(i)];
        if (g >= 0 && what.codes[to_size(i)] == none && !perturbed[std::size_t(g)].empty()) controls.push_back(i);
      }
      if (controls.empty()) continue;
      PredictOptions at = o;
      at.dose = range.dose;
      const detail::Predicted p(model, train.select_cells(controls), m.seen[s], at, rng);
      Matrix<double> told = detail::expected_counts(model.vae, p.after, p.groups.codes, Index(p.groups.levels.size()));
      told.array() *= p.factors.cast<double>().array();
      for (std::size_t g = 0; g < perturbed.size(); ++g) {
        const double total = told.row(Index(g)).sum();
        if (total <= 0) continue;
        double library = 0;
        for (const Index i : perturbed[g]) {
          library += counts.row_sum(i);
          for (std::size_t k = 0; k < counts.row_columns(i).size(); ++k) {
            seen[std::size_t(counts.row_columns(i)[k])] += double(counts.row_values(i)[k]);
          }
        }
        for (Index k = 0; k < genes; ++k) {
          const double here = told(Index(g), k) * library / total;
          predicted[to_size(k)] += here;
          amount[to_size(k)] += share * here;
        }
      }
    }
    for (Index k = 0; k < genes; ++k) {
      const double counted = predicted[to_size(k)] - o.residual, dose = amount[to_size(k)] / counted;
      const double ratio = seen[to_size(k)] / predicted[to_size(k)];
      model.response.value(Index(s), k) = float(counted > 0 ? std::pow(ratio, 1 / dose) : 1.0);
    }
  }
}

}  // namespace latentcell
