#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <latentcell/perturbation/cross_fit_folds.hpp>
#include <latentcell/latent/group_moments.hpp>
#include <latentcell/perturbation/predict.hpp>

namespace latentcell {

/// A model that was trained without the perturbed cells of some groups: what it says of these is as blind as the
/// prediction of a group that nobody perturbed. See cross_fit_folds.
struct CrossFitModel {
  const Perturbation* model;
  std::vector<std::string> groups;
};

namespace detail {

/// Numbers, one a gene, that several groups have in common: each group's own differs from it with standard deviation
/// `between`, and it from 0 with `prior` (random effects, DerSimonian and Laird, "Meta-analysis in clinical trials",
/// 1986). One group counts at most as much as another, however many cells it has.
class RandomEffect {
 public:
  RandomEffect(Index genes, double between, double prior)
      : between_(between * between), weight_(to_size(genes), 1 / (prior * prior)), sum_(to_size(genes), 0.0) {}

  /// One group's measurement of slope times the number, with its own error.
  void add(Index gene, double value, double variance, double slope = 1) {
    const double w = slope / (variance + between_);
    sum_[to_size(gene)] += w * value;
    weight_[to_size(gene)] += w * slope;
  }
  double mean(Index gene) const { return sum_[to_size(gene)] / weight_[to_size(gene)]; }

 private:
  double between_;
  std::vector<double> weight_, sum_;
};

/// What predictions of groups miss, gene by gene, on the scale of logarithms.
struct Missed {
  static constexpr double level_between = 0.3, level_prior = 0.3, excess_between = 0.5, excess_prior = 0.5;
  RandomEffect level, excess;

  /// grouped: cells of different groups; else nothing but the cells' own noise stands between them
  Missed(Index genes, bool grouped)
      : level(genes, grouped ? level_between : 0, level_prior),
        excess(genes, grouped ? excess_between : 0, excess_prior) {}

  /// One group: its perturbed cells beside what was predicted from its control cells. factor (G): of the predicted
  /// means; share: dose over dose_scale, or 1
  void add(const GroupMoments& seen, const GroupMoments& told, Index group, const float* factor, double share) {
    const double cells = seen.cells[to_size(group)], controls = told.cells[to_size(group)];
    double all = 0;
    for (Index k = 0; k < told.genes(); ++k) all += told.total(group, k) * double(factor[k]);
    if (cells < 1 || controls < 1 || all <= 0) return;
    for (Index k = 0; k < told.genes(); ++k) {
      const double counted = seen.total(group, k), mean = counted / cells;
      const double expected = told.total(group, k) * double(factor[k]) * seen.library[to_size(group)] / all;
      const double vary = std::max(0.0, told.excess(group, k));
      level.add(k, std::log((counted + 0.5) / (expected + 0.5)), 1 / (counted + 0.5) + vary / cells + vary / controls,
                share);
      if (cells < 2 || counted == 0) continue;
      // Both are shrunk by the error of the one that is measured: its sampling variance under the prediction.
      const double relative = 1 / mean + vary;
      const double error = std::sqrt(2 * relative * relative / cells + 1 / (mean * mean * mean * cells));
      const double size = vary + error;
      excess.add(k, std::log((std::max(0.0, seen.excess(group, k)) + error) / size), (error / size) * (error / size));
    }
  }
};

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

/// Learns what predictions of a perturbation miss everywhere, from groups whose answer is known: how far the means of
/// the genes are off (`response`), and how much of what predicted cells vary beyond Poisson noise is true (`excess`,
/// which only lowers it). Each gene's number is what the groups have in common, drawn towards none: what a latent of
/// few dimensions cannot hold, or a decoder does not dare in cells unlike those it was trained on, is so carried over
/// to the next group. `blind` models tell how predictions fail in groups that a model has not seen perturbed; without
/// any the model itself is asked about the groups that it was trained on, where it does better than it will. With a
/// dose the error of the means is taken to grow in proportion to it on the scale of logarithms: predict takes the
/// factors to the power of its dose over dose_scale. o.dose is not looked at. Throws std::invalid_argument where
/// o.residual is not finite, or a blind model has other genes. train (N, G): the cells that the model was trained on
inline void fit_response_correction(Perturbation& model, std::span<const CrossFitModel> blind, const CellTable& train,
                                    const PredictOptions& o, Rng& rng) {
  const PerturbationOptions& m = model.options;
  LATENTCELL_REQUIRE(std::isfinite(o.residual), "fit_response_correction: residual must be finite, got ", o.residual);
  const Categorical what = train.obs(m.condition);
  const Categorical of = m.group.empty() ? no_labels(train.cells()) : train.obs(m.group);
  const std::vector<double>* const doses =
      m.dose.empty() ? nullptr : std::get_if<std::vector<double>>(&train.cell_columns.get(m.dose));
  LATENTCELL_REQUIRE(m.dose.empty() || doses != nullptr, "fit_response_correction: column '", m.dose,
                     "' holds labels, not numbers");
  const Index genes = model.vae.genes(), groups = Index(of.levels.size());
  const CrossFitModel itself{&model, of.levels};
  if (blind.empty()) blind = {&itself, 1};
  for (std::size_t s = 0; s < m.seen.size(); ++s) {
    const int wanted = what.code(m.seen[s]), none = what.code(m.control);
    detail::Missed missed(genes, !m.group.empty());
    for (const CrossFitModel& one : blind) {
      LATENTCELL_REQUIRE(one.model->vae.genes() == genes, "fit_response_correction: a blind model of ",
                         one.model->vae.genes(), " genes, the model has ", genes);
      std::vector<char> unseen(to_size(groups));
      for (const std::string& name : one.groups) unseen[std::size_t(of.code(name))] = 1;
      const auto asked = [&](Index i, int condition) {
        const int g = of.codes[to_size(i)];
        return g >= 0 && unseen[std::size_t(g)] && what.codes[to_size(i)] == condition;
      };
      std::vector<Index> of_condition;
      for (Index i = 0; i < train.cells(); ++i) {
        if (asked(i, wanted)) of_condition.push_back(i);
      }
      for (const detail::DosedCells& range : detail::by_dose(of_condition, doses)) {
        std::vector<int> codes;
        std::vector<char> answered(to_size(groups));
        for (const Index i : range.cells) {
          codes.push_back(of.codes[to_size(i)]);
          answered[std::size_t(codes.back())] = 1;
        }
        std::vector<Index> controls;
        for (Index i = 0; i < train.cells(); ++i) {
          if (asked(i, none) && answered[std::size_t(of.codes[to_size(i)])]) controls.push_back(i);
        }
        if (controls.empty()) continue;
        PredictOptions at = o;
        at.dose = range.dose;
        CellTable from = train.select_cells(controls);
        if (!m.group.empty())  // a column of words would be numbered anew
          from.cell_columns.set(m.group, std::get<Categorical>(select_rows(Column(of), controls)));
        const detail::Predicted p(*one.model, from, m.seen[s], at, rng);
        const detail::GroupMoments seen(train.select_cells(range.cells).counts.view(), codes, groups);
        const detail::GroupMoments told(one.model->vae, p.after, p.groups.codes, groups);
        for (Index g = 0; g < groups; ++g) {
          missed.add(seen, told, g, p.factors.data() + g * genes,
                     m.dose.empty() ? 1.0 : range.dose / double(m.dose_scale));
        }
      }
    }
    for (Index k = 0; k < genes; ++k) {
      model.response.value(Index(s), k) = float(std::exp(missed.level.mean(k)));
      model.excess.value(Index(s), k) = float(std::clamp(std::exp(missed.excess.mean(k)), 0.1, 1.0));
    }
  }
}

/// Trains blind models and learns from them: for each part of the groups (cross_fit_folds), `train` is given the cells
/// without that part's answers, and its groups, and gives a model. Without parts the model itself is asked. false where
/// `train` gave nothing, as one does that was stopped; nothing is learned then.
/// cells (N, G): those the model was trained on; train(cells, groups) -> std::optional<Perturbation>
template <class Train>
bool fit_response_correction(Perturbation& model, const CellTable& cells, Index folds, const PredictOptions& o,
                             Rng& rng, Train&& train) {
  const auto parts = cross_fit_folds(cells, model.options, folds);
  std::vector<Perturbation> models;
  models.reserve(parts.size());  // they stay where they are
  std::vector<CrossFitModel> blind;
  for (const std::vector<std::string>& groups : parts) {
    std::optional<Perturbation> one = train(without_treated(cells, model.options, groups), groups);
    if (!one) return false;
    models.push_back(std::move(*one));
    blind.push_back({&models.back(), groups});
  }
  fit_response_correction(model, blind, cells, o, rng);
  return true;
}

/// The same from the model itself alone.
inline void fit_response_correction(Perturbation& model, const CellTable& train, const PredictOptions& o, Rng& rng) {
  fit_response_correction(model, {}, train, o, rng);
}

}  // namespace latentcell
