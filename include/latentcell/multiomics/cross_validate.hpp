#pragma once

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/metric/subsample.hpp>
#include <latentcell/multiomics/evaluate.hpp>
#include <latentcell/multiomics/fit.hpp>
#include <latentcell/multiomics/holdout.hpp>
#include <latentcell/multiomics/predict.hpp>

namespace LATENTCELL_NAMESPACE::multiomics {

/// Random stream of the predictions of held-out cells.
inline constexpr std::uint64_t held_out_stream = 9;

struct CrossValidationOptions {
  Index folds = 5;                                      ///< at least 2
  Options model = {};                                   ///< of the model of proteins; the one of RNA has two members
  TrainingOptions training = {};                        ///< its stages are named by the fold
  std::function<void(const std::string&)> notice = {};  ///< takes a line per fold

  static void visit(auto& self, auto&& f) {
    f("folds", self.folds, at_least(2));
    f("model", self.model);
    f("training", self.training);
  }
};

/// Predictions of cells that each model was trained without, and what they are worth.
struct CrossValidation {
  std::vector<Prediction> predictions;  ///< of proteins (N, F), the model's first; rows of other cells are zero
  Matrix<float> truth;                  ///< (N, F) measured values, at the depth of the fold's training cells
  std::vector<char> measured;           ///< (N) 1: a cell with proteins, which was held out once
  std::vector<double> fold;             ///< (N) from 1; NaN for cells without proteins
  evaluate::ScoreTable proteins;        ///< evaluate() of the predictions
  std::vector<Stacking> stacking;       ///< weights of each fold's model of proteins
  evaluate::ScoreTable genes;           ///< RNA from proteins, mean over the folds of the mean correlation: all genes,
                                        ///< and the genes of the joint model
};

namespace detail {

/// What a fold is made of.
struct Fold {
  CellModalities train, test, everyone;  // everyone: training cells and RNA-only cells
  std::string prefix;                    // of the stages
};

/// Writes the rows of a fold's prediction into that of all cells, under the method's name.
inline void put_rows(std::vector<Prediction>& to, const Prediction& fold, const std::vector<Index>& rows, Index cells) {
  auto at = std::find_if(to.begin(), to.end(), [&](const Prediction& p) { return p.method == fold.method; });
  if (at == to.end()) at = to.insert(to.end(), {fold.method, fold.role, {}});
  const auto copy = [&](Matrix<float>& all, const Matrix<float>& rows_of_fold) {
    if (rows_of_fold.size() == 0) return;
    if (all.size() == 0) all = Matrix<float>::Zero(cells, rows_of_fold.cols());
    for (std::size_t i = 0; i < rows.size(); ++i) all.row(rows[i]) = rows_of_fold.row(Index(i));
  };
  copy(at->values.mean, fold.values.mean);
  copy(at->values.low50, fold.values.low50);
  copy(at->values.high50, fold.values.high50);
  copy(at->values.low80, fold.values.low80);
  copy(at->values.high80, fold.values.high80);
}

/// Predicts the proteins of a fold's test cells by the model: from all sources and from each alone.
inline std::vector<Prediction> by_model(const Model& model, const CellModalities& test,
                                        const conformal::IntervalOptions& o, Rng& rng) {
  std::vector<Prediction> out;
  const auto add = [&](const std::string& method, const std::vector<Modality>& from) {
    out.push_back({method, latentcell::evaluate::Role::model, translate(model, from, o, rng)});
  };
  add("latentcell", test.sources());
  Matrix<float> condition = model.condition_features(test.sources());
  out.push_back({"ensemble alone",
                 latentcell::evaluate::Role::model,
                 {model.target.decode(conformal::mean_latents(model.flows, condition, rng))}});
  if (!test.extra) return out;
  add("latentcell, rna alone", {test.rna, hide(*test.extra)});
  add("latentcell, " + test.extra->name + " alone", {hide(test.rna), *test.extra});
  return out;
}

/// The same by the joint model.
inline std::vector<Prediction> by_joint_model(const JointVae<float>& joint, double depth, const CellModalities& test,
                                              const conformal::IntervalOptions& o, Rng& rng) {
  std::vector<Prediction> out;
  const auto add = [&](const std::string& method, const Modality& rna, const std::optional<Modality>& extra) {
    const auto cells = in_features_of(joint, CellModalities{rna, hide(test.protein), extra}.all());
    out.push_back(
        {method, latentcell::evaluate::Role::model, translate(joint, cells, 1, depth, {.draws = o.draws}, rng)});
  };
  add("joint VAE", test.rna, test.extra);
  if (!test.extra) return out;
  add("joint VAE, rna alone", test.rna, hide(*test.extra));
  add("joint VAE, " + test.extra->name + " alone", hide(test.rna), test.extra);
  return out;
}

/// Columns of features that a joint model takes, which have the same order.
/// m (N, F) -> (N, F')
inline Matrix<float> columns_of(const Matrix<float>& m, const std::vector<std::string>& features,
                                const std::vector<std::string>& some) {
  Matrix<float> out(m.rows(), Index(some.size()));
  for (std::size_t g = 0, at = 0; g < features.size() && at < some.size(); ++g) {
    if (features[g] == some[at]) out.col(Index(at++)) = m.col(Index(g));
  }
  return out;
}

inline double total_counts(const Modality& m) {
  double sum = 0;
  for (Index i = 0; i < m.cells(); ++i) sum += m.counts.view().row_sum(i);
  return sum;
}

/// RNA of test cells from their proteins, by the model of the other direction, the joint model and ridge regression.
struct GenePredictions {
  Matrix<float> truth, model, ridge;  // (N, G)
  Matrix<float> joint;                // (N, G') genes of the joint model
};

inline GenePredictions predict_genes(const Model& model, const JointVae<float>& joint, const Fold& fold, Rng& rng) {
  GenePredictions out;
  const double depth = double(model.target.depth.value(0, 0));
  out.truth = dense_counts(kernel::log_normalize(fold.test.rna.counts, depth).view());
  out.model = translate(model, {fold.test.protein}, {.draws = 0}, rng).mean;
  const Matrix<float> source = model.condition_features({fold.train.protein}),
                      target = model.target.encode(fold.train.rna);
  out.ridge = model.target.decode(
      latentcell::evaluate::baseline::ridge({source, target}, model.condition_features({fold.test.protein})));
  const double share = total_counts(select_features(fold.train.rna, joint.features(0))) / total_counts(fold.train.rna);
  const std::optional<Modality> extra = fold.test.extra ? std::optional(hide(*fold.test.extra)) : std::nullopt;
  const auto from_protein = in_features_of(joint, CellModalities{hide(fold.test.rna), fold.test.protein, extra}.all());
  out.joint = translate(joint, from_protein, 0, share * depth, {.draws = 0}, rng).mean;
  return out;
}

/// Scores of RNA, one row per method: sums over the folds until they are divided.
struct GeneScores {
  std::vector<double> model{0, 0}, ridge{0, 0};  // all genes, genes of the joint model
  double joint = 0;

  void add(const GenePredictions& p, const Fold& fold, const JointVae<float>& of) {
    const std::vector<char> all(to_size(p.truth.rows()), 1);
    const auto some = [&](const Matrix<float>& m) { return columns_of(m, fold.test.rna.features, of.features(0)); };
    const auto r = [&](const Matrix<float>& a, const Matrix<float>& b) {
      return mean_correlation(correlations(a, b, all));
    };
    model[0] += r(p.model, p.truth);
    ridge[0] += r(p.ridge, p.truth);
    model[1] += r(some(p.model), some(p.truth));
    joint += r(p.joint, some(p.truth));
    ridge[1] += r(some(p.ridge), some(p.truth));
  }
  evaluate::ScoreTable table(double folds) const {
    using latentcell::evaluate::Role;
    const double not_measured = std::numeric_limits<double>::quiet_NaN();
    evaluate::ScoreTable out(std::vector<latentcell::evaluate::Metric>{{"mean_r"}, {"mean_r_genes_of_joint"}});
    out.add("latentcell", Role::model, {model[0] / folds, model[1] / folds});
    out.add("joint VAE", Role::model, {not_measured, joint / folds});
    out.add("ridge on proteins", Role::baseline, {ridge[0] / folds, ridge[1] / folds});
    return out;
  }
};

/// Settings of the two models of a fold: of proteins with the joint model, and of RNA.
struct FoldTraining {
  static constexpr Index rna_members = 2;
  TrainingOptions protein, rna;

  FoldTraining(const TrainingOptions& o, const std::string& prefix) : protein(o), rna(o) {
    protein.stage = prefix + "protein";
    protein.joint.stage = prefix + "joint";
    rna.stage = prefix + "rna";
    rna.intervals.draws = 0;  // the mean alone
  }
};

/// Trains the models of one fold and adds its predictions.
inline FitStatus cross_validate_fold(const Fold& fold, const std::vector<Index>& rows, const CrossValidationOptions& o,
                                     Stages& stages, CrossValidation& out, GeneScores& genes) {
  const std::uint64_t seed = o.training.members.fit.seed;
  const FoldTraining training(o.training, fold.prefix);
  Model model =
      make_model(o.model, fold.train.protein, CellModalities{fold.everyone.rna, {}, fold.train.extra}.sources(), seed);
  if (fit(model, {fold.train.protein, fold.train.sources(), fold.everyone.all()}, training.protein, stages) ==
      FitStatus::interrupted)
    return FitStatus::interrupted;
  if (o.notice) o.notice("proteins: " + model.stacking.to_text());
  out.stacking.push_back(model.stacking);
  stages.announce(text(fold.prefix, "protein: predicting held-out cells"));
  Rng rng(seed, held_out_stream);
  const Index cells = Index(out.measured.size());
  const auto put = [&](const std::vector<Prediction>& of) {
    for (const Prediction& p : of) put_rows(out.predictions, p, rows, cells);
  };
  put(by_model(model, fold.test, o.training.intervals, rng));
  put(by_joint_model(*model.joint, double(model.target.depth.value(0, 0)), fold.test, o.training.intervals, rng));
  put(baselines(model, fold.train, fold.test));
  const Matrix<float> truth = model.target.log_normalized(fold.test.protein);
  for (std::size_t i = 0; i < rows.size(); ++i) out.truth.row(rows[i]) = truth.row(Index(i));

  Options reverse = o.model;
  reverse.ensemble.members = FoldTraining::rna_members;
  Model rna = make_model(reverse, fold.everyone.rna, {fold.train.protein}, seed);
  if (fit(rna, {fold.train.rna, {fold.train.protein}}, training.rna, stages) == FitStatus::interrupted)
    return FitStatus::interrupted;
  if (o.notice) o.notice("genes: " + rna.stacking.to_text());
  stages.announce(text(fold.prefix, "rna: predicting held-out cells"));
  genes.add(predict_genes(rna, *model.joint, fold, rng), fold, *model.joint);
  return FitStatus::finished;
}

}  // namespace detail

/// Holds each fold of the cells with proteins out in turn, trains everything without it, and predicts it: proteins from
/// all sources and from each alone, and RNA from proteins, by the model, the joint model and the baselines.
/// -> nothing if a training was interrupted; the stages of finished folds are kept in the stages' folder
inline std::optional<CrossValidation> cross_validate(const Dataset& data, const CrossValidationOptions& o,
                                                     Stages& stages) {
  check_options("cross_validate", o);
  check_joint_folds("cross_validate", o.training.stacking.joint_folds);
  const std::vector<Holdout> folds = hold_out_folds(data, o.folds, o.training.members.fit.seed);
  const Index n = data.cells.cells();
  CrossValidation out;
  out.truth = Matrix<float>::Zero(n, Index(data.protein.features.size()));
  out.measured.assign(to_size(n), 0);
  out.fold.assign(to_size(n), std::numeric_limits<double>::quiet_NaN());
  detail::GeneScores genes;
  const auto prefix = [&](std::size_t k) { return text("fold_", k + 1, "_of_", folds.size(), "_"); };
  const Index others = data.rna_only ? data.rna_only->cells() : 0;
  for (std::size_t k = 0; k < folds.size(); ++k) {
    const detail::FoldTraining training(o.training, prefix(k));
    const Index cells = Index(folds[k].train.size());
    plan_stages(training.protein, o.model.ensemble.members, cells, cells + others, stages);
    plan_stages(training.rna, detail::FoldTraining::rna_members, cells, 0, stages);
  }
  for (std::size_t k = 0; k < folds.size(); ++k) {
    const std::vector<std::string> names = detected_genes(data, folds[k].train);
    detail::Fold fold{
        select_modalities(data, folds[k].train, names), select_modalities(data, folds[k].test, names), {}, prefix(k)};
    fold.everyone = with_rna_only(fold.train, data);
    if (o.notice)
      o.notice(text("fold ", k + 1, " of ", folds.size(), ": ", folds[k].train.size(), " training cells, ",
                    folds[k].test.size(), " held out, ", names.size(), " genes"));
    for (const Index r : folds[k].test) out.measured[to_size(r)] = 1, out.fold[to_size(r)] = double(k + 1);
    if (detail::cross_validate_fold(fold, folds[k].test, o, stages, out, genes) == FitStatus::interrupted)
      return std::nullopt;
  }
  out.proteins = evaluate(out.predictions, out.truth, out.measured);
  out.genes = genes.table(double(folds.size()));
  return out;
}

}  // namespace latentcell::multiomics
