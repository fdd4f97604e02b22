#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <latentcell/latent/group_moments.hpp>
#include <latentcell/perturbation/choose_cell_sampling.hpp>
#include <latentcell/perturbation/dose_bins.hpp>
#include <latentcell/perturbation/latent_prediction.hpp>
#include <latentcell/perturbation/response_residual.hpp>

namespace LATENTCELL_NAMESPACE::perturbation {

/// A model with the groups whose observed cells its predictions are compared with. In cross-fitting it was trained
/// without the perturbed cells of these groups, see cross_fit_folds, or without some perturbed cells of all.
struct CrossFitModel {
  const Model* model;
  std::vector<std::string> groups;
  std::vector<Index> cells = {};  ///< perturbed cells to compare with; empty: all of the groups
};

/// Returns the model itself with all groups of the cells. Its residuals are in-sample: smaller than those of
/// predictions for new groups.
inline std::vector<CrossFitModel> in_sample(const Model& model, const CellTable& cells) {
  return {{&model, group_labels(cells.cell_columns, model.options).levels}};
}

namespace detail {

/// Collects the residuals of predictions, condition by condition.
class ResidualCollector {
 public:
  ResidualCollector(const Model& model, const CellTable& cells, const PredictOptions& o)
      : cells_(cells),
        options_(o),
        columns_(model.options),
        condition_(cells.obs(columns_.condition)),
        group_(group_labels(cells.cell_columns, columns_)) {
    LATENTCELL_REQUIRE(std::isfinite(o.pseudo_count), "fit_response_correction: pseudo_count must be finite, got ",
                       o.pseudo_count);
    if (columns_.dose.empty()) return;
    dose_ = to_numbers(cells.cell_columns.get(columns_.dose));
    LATENTCELL_REQUIRE(dose_, "fit_response_correction: column '", columns_.dose, "' holds labels, not numbers");
  }

  /// Adds the residuals of one model's predictions of a condition in its held-out groups.
  ///
  /// unit: of all cells of the fold; negative: each group is one
  void add(const CrossFitModel& fold, const std::string& condition, Index unit, ResponseResidual& to, Rng& rng) const {
    for (const DoseBin& bin : bins_of(treated_of(fold, condition)))
      add_bin(*fold.model, {condition, unit}, bin, to, rng);
  }

  /// Cells of one group under one condition that a fold left out, and the control cells of the group.
  struct LeftOut {
    std::string condition;
    double dose;
    std::vector<Index> control, observed;  // rows
  };
  /// Returns what a fold left out, of at least `least` perturbed cells and 2 control cells each.
  std::vector<LeftOut> left_out_of(const CrossFitModel& fold, const std::vector<std::string>& conditions,
                                   std::size_t least = 10) const {
    std::vector<LeftOut> out;
    for (const std::string& condition : conditions) {
      for (const DoseBin& bin : bins_of(treated_of(fold, condition))) {
        for (int g = 0; g < int(group_.levels.size()); ++g) {
          LeftOut one{condition, bin.dose, {}, {}};
          for (const Index i : bin.cells) {
            if (group_.codes[to_size(i)] == g) one.observed.push_back(i);
          }
          if (one.observed.size() < least) continue;
          std::vector<char> of_group(group_.levels.size());
          of_group[std::size_t(g)] = 1;
          one.control = rows_of(of_group, columns_.control);
          if (one.control.size() >= 2) out.push_back(std::move(one));
        }
      }
    }
    return out;
  }

  /// Units of a fold: its groups, or the fold itself where it left out cells.
  std::vector<Index> units_of(const CrossFitModel& fold, Index number) const {
    if (!fold.cells.empty()) return {number};
    std::vector<Index> out;
    for (const std::string& name : fold.groups) out.push_back(group_.code_of(name));
    return out;
  }

  /// Log profiles of the groups' control cells.     -> (groups, G)
  Matrix<float> profiles() const {
    std::vector<int> codes = group_.codes;
    const int control = condition_.code_of(columns_.control);
    for (std::size_t i = 0; i < codes.size(); ++i) {
      if (condition_.codes[i] != control) codes[i] = -1;
    }
    return log_profiles(GroupMoments(cells_.counts.view(), codes, groups()).total);
  }
  Matrix<float> profiles_of(const std::vector<CrossFitModel>& models) const {
    return leaves_out_groups(models) ? profiles() : Matrix<float>();
  }
  Index groups() const { return Index(group_.levels.size()); }
  Index units(const std::vector<CrossFitModel>& models) const {
    return leaves_out_groups(models) ? groups() : Index(models.size());
  }
  const CellTable& cells() const { return cells_; }
  const PredictOptions& options() const { return options_; }

 private:
  static bool leaves_out_groups(const std::vector<CrossFitModel>& models) {
    return std::all_of(models.begin(), models.end(), [](const CrossFitModel& m) { return m.cells.empty(); });
  }
  Index cells_of(const std::string& condition) const {
    const int code = condition_.code_of(condition);
    Index out = 0;
    for (Index i = 0; i < cells_.cells(); ++i)
      out += group_.codes[to_size(i)] >= 0 && condition_.codes[to_size(i)] == code ? 1 : 0;
    return out;
  }
  std::vector<Index> rows_of(const std::vector<char>& of_group, const std::string& condition) const {
    const int code = condition_.code_of(condition);
    std::vector<Index> rows;
    for (Index i = 0; i < cells_.cells(); ++i) {
      const int g = group_.codes[to_size(i)];
      if (g >= 0 && of_group[std::size_t(g)] && condition_.codes[to_size(i)] == code) rows.push_back(i);
    }
    return rows;
  }

  // Perturbed cells that the model of a fold is compared with.
  std::vector<Index> treated_of(const CrossFitModel& fold, const std::string& condition) const {
    std::vector<char> held_out(group_.levels.size());
    for (const std::string& name : fold.groups) held_out[std::size_t(group_.code_of(name))] = 1;
    std::vector<Index> treated = rows_of(held_out, condition);
    if (!fold.cells.empty())
      std::erase_if(treated, [&](Index i) { return !std::binary_search(fold.cells.begin(), fold.cells.end(), i); });
    // A model that was trained without any cell of the condition predicts it by chance.
    const bool left_out = !fold.cells.empty() || held_out != std::vector<char>(held_out.size(), 1);
    if (left_out && treated.size() == to_size(cells_of(condition))) return {};
    return treated;
  }
  std::vector<DoseBin> bins_of(std::vector<Index> treated) const {
    if (dose_) return dose_bins(std::move(treated), *dose_);
    return {{std::numeric_limits<double>::quiet_NaN(), std::move(treated)}};
  }

  struct Query {
    const std::string& condition;
    Index unit;
  };
  void add_bin(const Model& model, const Query& query, const DoseBin& bin, ResponseResidual& to, Rng& rng) const {
    const Index groups = Index(group_.levels.size());
    std::vector<int> codes;
    std::vector<char> observed_group(to_size(groups));
    for (const Index i : bin.cells) {
      codes.push_back(group_.codes[to_size(i)]);
      observed_group[std::size_t(codes.back())] = 1;
    }
    const std::vector<Index> controls = rows_of(observed_group, columns_.control);
    if (controls.empty()) return;
    PredictOptions at = options_;
    at.dose = bin.dose;
    CellTable from = cells_.select_cells(controls);
    // Levels of a column of strings would be numbered by first appearance in `from`.
    if (!columns_.group.empty())
      from.cell_columns.set(columns_.group, std::get<Categorical>(select_rows(Column(group_), controls)));
    const LatentPrediction p(model, from, query.condition, at, rng);
    const GroupMoments observed(cells_.select_cells(bin.cells).counts.view(), codes, groups);
    const GroupMoments predicted(model.vae, p.after, p.groups.codes, groups);
    const double dose_share = columns_.dose.empty() ? 1.0 : bin.dose / double(columns_.dose_scale);
    for (Index g = 0; g < groups; ++g)
      to.add(observed, {predicted, p.gene_scale, p.base}, g, query.unit < 0 ? g : query.unit, dose_share);
  }

  const CellTable& cells_;
  PredictOptions options_;
  const Options& columns_;
  Categorical condition_, group_;
  std::optional<std::vector<double>> dose_;
};

/// Units by which effects are stored.
struct EffectUnits {
  Index count;
  const Matrix<float>& profiles;  // (units, G) of groups; (0, 0): of folds of cells
};

/// Stores what the units have in common and, where similar groups weigh more, each group's effect.
///
/// without: units whose records are not used
inline void store_effects(Model& model, const std::vector<ResponseResidual>& residuals, const EffectUnits& units,
                          const std::vector<Index>& without = {}) {
  const ResponseMixture mixture = model.mixture_choice().mixture;
  const bool by_similarity = mixture.similarity > 0;
  model.set_groups(by_similarity ? units.count : 1);
  if (by_similarity) model.group_profile.value = units.profiles;
  for (std::size_t s = 0; s < residuals.size(); ++s) {
    const Index genes = model.vae.genes(), row = Index(s);
    for (Index k = 0; k < genes; ++k)
      model.overdispersion_scale.value(row, k) =
          float(std::clamp(std::exp(residuals[s].overdispersion.mean(k, without)), 0.1, 1.0));
    model.mean_correction.value.row(row).setOnes();
    if (residuals[s].records.empty()) continue;
    const GroupEffects effects = residuals[s].effects(units.count, mixture.control_weight, without);
    const std::vector<double> common =
        common_effect(effects, std::vector<double>(to_size(units.count), 1.0), mixture.weighting, mixture.shrinkage);
    for (Index k = 0; k < genes; ++k)
      model.mean_correction.value(row, k) = float(std::exp(mixture.strength * common[to_size(k)]));
    if (!by_similarity) continue;
    const Index first = row * units.count;
    model.group_precision.value.middleRows(first, units.count) = effects.precision.cast<float>();
    model.group_effect.value.middleRows(first, units.count) =
        (effects.value.array() / effects.precision.array().max(1e-12)).cast<float>();
  }
}

/// What was left out, and how it was predicted.
struct CrossFit {
  const std::vector<CrossFitModel>& models;
  const std::vector<ResponseResidual>& residuals;  // of each condition
  const ResidualCollector& collector;
  EffectUnits units;
};

/// Returns some of the rows, evenly spaced.
inline std::vector<Index> at_most(const std::vector<Index>& rows, Index most) {
  const Index n = Index(rows.size()), kept = std::min(n, most);
  std::vector<Index> out;
  for (Index k = 0; k < kept; ++k) out.push_back(rows[to_size(k * n / kept)]);
  return out;
}

/// Chooses where the counts of predicted cells come from and the strength, by the cells that the folds left out: each
/// is predicted by the fold's model with the effects of the other units.
inline void choose_cell_sampling(const CrossFit& of, const std::vector<std::string>& conditions, MixtureChoice& choice,
                                 Rng& rng) {
  constexpr Index most = CellSamplingSearch::most_cells, most_of_components = 20000;  // cells
  constexpr std::size_t most_comparisons = 12;                                        // of a fold
  const CellTable& cells = of.collector.cells();
  std::vector<Index> rows(to_size(cells.cells()));
  std::iota(rows.begin(), rows.end(), Index(0));
  const kernel::LogPca pca =
      kernel::LogPca::fit(cells.select_cells(at_most(rows, most_of_components)).counts.view(), 50, rng);
  CellSamplingSearch search(choice.mixture, pca);
  for (std::size_t m = 0; m < of.models.size(); ++m) {
    const auto left_out = of.collector.left_out_of(of.models[m], conditions);
    if (left_out.empty()) continue;
    Model own = *of.models[m].model;
    std::map<double, Matrix<float>> factors;  // of each shrinkage, at strength 1
    for (const double shrinkage : CellSamplingSearch::shrinkages) {
      MixtureChoice with = choice;
      with.mixture.strength = 1;
      with.mixture.shrinkage = shrinkage;
      own.set_mixture(with);
      store_effects(own, of.residuals, of.units, of.collector.units_of(of.models[m], Index(m)));
      factors[shrinkage] = own.mean_correction.value;
    }
    const auto model_with = [&](const ResponseMixture& candidate) -> const Model& {
      MixtureChoice with = choice;
      with.mixture = candidate;
      own.set_mixture(with);
      own.mean_correction.value = factors.at(candidate.shrinkage).array().pow(float(candidate.strength));
      return own;
    };
    const std::size_t compared = std::min(left_out.size(), most_comparisons);
    for (std::size_t k = 0; k < compared; ++k) {
      const auto& one = left_out[k * left_out.size() / compared];
      PredictOptions at = of.collector.options();
      at.dose = one.dose;
      const CellTable observed = cells.select_cells(at_most(one.observed, most)),
                      control = cells.select_cells(at_most(one.control, most));
      search.add({one.condition, at, control, observed}, model_with, rng);
    }
  }
  search.choose(choice);
}

}  // namespace detail

/// Chooses how the means of new groups are predicted (mixture_choice) and trains what the groups have in common, for
/// each trained condition. Each unit, a held-out group or a fold of cells, is left out in turn and predicted from the
/// others: the mixture of the smallest error is kept, so that neither the flow alone nor the common change alone
/// predicts better there; then the strength and where the counts come from (CellSamplingSearch), by the cells. Models
/// that saw the cells they are compared with (in_sample) choose nothing: the flow and what it misses. The variance
/// beyond Poisson noise of decoded cells is only lowered, by the part that the groups share, shrunk to none.
///
/// With a dose the log changes are proportional to it: predict raises the factors to the power dose / dose_scale.
/// o.dose is unused. Throws std::invalid_argument without models, for a model of other genes, and for an infinite
/// pseudo_count.
///
/// models: of cross-fitting, or in_sample; cells (N, G): all training cells
inline void fit_response_correction(Model& model, const std::vector<CrossFitModel>& models, const CellTable& cells,
                                    const PredictOptions& o, Rng& rng) {
  const Index genes = model.vae.genes();
  LATENTCELL_REQUIRE(!models.empty(), "fit_response_correction: 0 models, at least 1 is needed (see in_sample)");
  bool in_sample = false, by_group = true;
  for (const CrossFitModel& fold : models) {
    LATENTCELL_REQUIRE(fold.model->vae.genes() == genes, "fit_response_correction: a cross-fit model has ",
                       fold.model->vae.genes(), " genes, the model ", genes);
    in_sample = in_sample || fold.model == &model;
    by_group = by_group && fold.cells.empty();
  }
  const detail::ResidualCollector collector(model, cells, o);
  const Index units = collector.units(models);
  const Matrix<float> profiles = collector.profiles_of(models);
  MixtureSearch search(units, profiles);
  std::vector<ResponseResidual> residuals;
  for (const std::string& condition : model.vocabulary.trained_conditions) {
    residuals.emplace_back(
        genes, model.options.group.empty() ? ResponseResidual::Grouping::none : ResponseResidual::Grouping::by_group);
    for (std::size_t m = 0; m < models.size(); ++m)
      collector.add(models[m], condition, by_group ? -1 : Index(m), residuals.back(), rng);
    if (!in_sample) search.add(residuals.back());
  }
  MixtureChoice choice = search.choose();
  const detail::EffectUnits stored{units, profiles};
  if (!in_sample && std::isfinite(choice.error))
    detail::choose_cell_sampling({models, residuals, collector, stored}, model.vocabulary.trained_conditions, choice,
                                 rng);
  // A condition that no fold could leave out keeps what its cells show beyond the model that was trained on them.
  const CrossFitModel whole = perturbation::in_sample(model, cells).front();
  for (std::size_t s = 0; s < residuals.size(); ++s) {
    if (residuals[s].records.empty())
      collector.add(whole, model.vocabulary.trained_conditions[s], by_group ? -1 : 0, residuals[s], rng);
  }
  model.set_mixture(choice);
  detail::store_effects(model, residuals, stored);
}

}  // namespace latentcell::perturbation
