#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <latentcell/latent/group_moments.hpp>
#include <latentcell/perturbation/dose_bins.hpp>
#include <latentcell/perturbation/latent_prediction.hpp>
#include <latentcell/perturbation/response_residual.hpp>

namespace latentcell::perturbation {

/// A model with the groups whose observed cells its predictions are compared with. In cross-fitting it was trained
/// without the perturbed cells of these groups, see cross_fit_folds.
struct CrossFitModel {
  const Model* model;
  std::vector<std::string> groups;
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
  void add(const CrossFitModel& fold, const std::string& condition, ResponseResidual& to, Rng& rng) const {
    std::vector<char> held_out(group_.levels.size());
    for (const std::string& name : fold.groups) held_out[std::size_t(group_.code_of(name))] = 1;
    const std::vector<Index> treated = rows_of(held_out, condition);
    const std::vector<DoseBin> bins =
        !dose_ ? std::vector<DoseBin>{{std::numeric_limits<double>::quiet_NaN(), treated}} : dose_bins(treated, *dose_);
    for (const DoseBin& bin : bins) add_bin(*fold.model, condition, bin, to, rng);
  }

 private:
  std::vector<Index> rows_of(const std::vector<char>& of_group, const std::string& condition) const {
    const int code = condition_.code_of(condition);
    std::vector<Index> rows;
    for (Index i = 0; i < cells_.cells(); ++i) {
      const int g = group_.codes[to_size(i)];
      if (g >= 0 && of_group[std::size_t(g)] && condition_.codes[to_size(i)] == code) rows.push_back(i);
    }
    return rows;
  }

  void add_bin(const Model& model, const std::string& condition, const DoseBin& bin, ResponseResidual& to,
               Rng& rng) const {
    const Index groups = Index(group_.levels.size()), genes = cells_.genes();
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
    const LatentPrediction p(model, from, condition, at, rng);
    const GroupMoments observed(cells_.select_cells(bin.cells).counts.view(), codes, groups);
    const GroupMoments predicted(model.vae, p.after, p.groups.codes, groups);
    const double dose_share = columns_.dose.empty() ? 1.0 : bin.dose / double(columns_.dose_scale);
    for (Index g = 0; g < groups; ++g) to.add(observed, predicted, g, p.gene_scale.data() + g * genes, dose_share);
  }

  const CellTable& cells_;
  PredictOptions options_;
  const Options& columns_;
  Categorical condition_, group_;
  std::optional<std::vector<double>> dose_;
};

}  // namespace detail

/// Trains `mean_correction` and `overdispersion_scale` of each trained condition on held-out groups, gene by gene. Each
/// is the part of the residuals that the groups share, shrunk to none; the second only lowers the variance. They
/// recover a response that the latent cannot represent or that the decoder underestimates out of distribution. With a
/// dose the log correction of the means is proportional to it: predict raises the factors to the power dose /
/// dose_scale. o.dose is unused. Throws std::invalid_argument without models, for a model of other genes, and for an
/// infinite pseudo_count.
///
/// models: of cross-fitting, or in_sample; cells (N, G): all training cells
inline void fit_response_correction(Model& model, const std::vector<CrossFitModel>& models, const CellTable& cells,
                                    const PredictOptions& o, Rng& rng) {
  const Index genes = model.vae.genes();
  LATENTCELL_REQUIRE(!models.empty(), "fit_response_correction: 0 models, at least 1 is needed (see in_sample)");
  for (const CrossFitModel& fold : models) {
    LATENTCELL_REQUIRE(fold.model->vae.genes() == genes, "fit_response_correction: a cross-fit model has ",
                       fold.model->vae.genes(), " genes, the model ", genes);
  }
  const detail::ResidualCollector collector(model, cells, o);
  const std::vector<std::string>& conditions = model.vocabulary.trained_conditions;
  for (std::size_t s = 0; s < conditions.size(); ++s) {
    ResponseResidual residual(
        genes, model.options.group.empty() ? ResponseResidual::Grouping::none : ResponseResidual::Grouping::by_group);
    for (const CrossFitModel& fold : models) collector.add(fold, conditions[s], residual, rng);
    for (Index k = 0; k < genes; ++k) {
      model.mean_correction.value(Index(s), k) = float(std::exp(residual.mean.mean(k)));
      model.overdispersion_scale.value(Index(s), k) =
          float(std::clamp(std::exp(residual.overdispersion.mean(k)), 0.1, 1.0));
    }
  }
}

}  // namespace latentcell::perturbation
