#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <latentcell/kernel/log_normalize.hpp>
#include <latentcell/kernel/neighbors.hpp>
#include <latentcell/kernel/pca.hpp>
#include <latentcell/metric/class_gaussian.hpp>
#include <latentcell/metric/label_scores.hpp>
#include <latentcell/metric/logistic_regression.hpp>
#include <latentcell/metric/random_forest.hpp>
#include <latentcell/generation/augment.hpp>

namespace latentcell::generation {

struct EvaluateAugmentationOptions {
  Index components = 30;  ///< that classifiers see
  Index neighbors = 5;    ///< of a cell, towards which interpolated ones lie
  Index trees = 300;      ///< of the forest
  std::uint64_t seed = 0;
};

/// How well cells are labelled by classifiers that were given some training cells.
struct AugmentationScores {
  std::string name;
  metric::LabelScores logistic, forest;
  double rare_logistic = 0, rare_forest = 0;  ///< mean F1 of the labels that were lacking cells
};

/// Whether generated cells of rare labels teach a classifier anything: logistic regression and a random forest on
/// principal components of log1p(CP10K), fitted on the training cells, judged on cells kept out. The rows: the training
/// cells alone, and with each lacking label brought up to the same number by copies, by draws from its Gaussian, by
/// points between neighbors (SMOTE, Chawla et al. 2002), and by the generated cells.
/// train, judged, generated: tables of the same genes; codes (N) of `labels` levels, negative where missing
inline std::vector<AugmentationScores> evaluate_augmentation(
    const CellTable& train, const std::vector<int>& train_codes, const CellTable& judged,
    const std::vector<int>& judged_codes, const CellTable& generated, const std::vector<int>& generated_codes,
    Index labels, const EvaluateAugmentationOptions& o = {}) {
  LATENTCELL_REQUIRE(train.gene_names == judged.gene_names && train.gene_names == generated.gene_names,
                     "evaluate_augmentation: the tables have other genes; align_genes brings them together");
  Rng rng(o.seed, 31);
  const Counts logged = kernel::log_normalize(train.counts.view());
  const Index k = std::min({o.components, train.cells() - 1, train.genes()});
  const kernel::Pca<float> pca = kernel::fit_pca(logged.view(), {.components = k}, rng);
  const auto points = [&](const CellTable& cells) {
    return kernel::project(pca, kernel::log_normalize(cells.counts.view()).view());
  };
  const Matrix<float> real = kernel::project(pca, logged.view()), held = points(judged);
  std::vector<Index> added(to_size(labels), 0);
  for (const int code : generated_codes) ++added.at(to_size(code));

  // Points that take the place of the generated cells.
  Matrix<float> copies(Index(generated_codes.size()), k), between = copies;
  std::vector<std::vector<Index>> rows(to_size(labels));
  for (std::size_t i = 0; i < train_codes.size(); ++i) {
    if (train_codes[i] >= 0) rows.at(to_size(train_codes[i])).push_back(Index(i));
  }
  for (Index i = 0; i < copies.rows(); ++i) {
    const std::vector<Index>& own = rows.at(to_size(generated_codes[to_size(i)]));
    LATENTCELL_REQUIRE(!own.empty(), "evaluate_augmentation: no training cell has label ", generated_codes[to_size(i)]);
    const Index one = own[std::size_t(rng.below(own.size()))];
    copies.row(i) = real.row(one);
    // One of the cell's nearest of the same label.
    std::vector<std::pair<float, Index>> near;
    for (const Index other : own) {
      if (other != one) near.emplace_back((real.row(other) - real.row(one)).squaredNorm(), other);
    }
    const Index most = std::min<Index>(o.neighbors, Index(near.size()));
    std::partial_sort(near.begin(), near.begin() + most, near.end());
    const Index towards = most == 0 ? one : near[std::size_t(rng.below(std::uint64_t(most)))].second;
    between.row(i) = real.row(one) + float(rng.uniform_double()) * (real.row(towards) - real.row(one));
  }
  const metric::ClassGaussian gaussian(view(real), train_codes);

  std::vector<AugmentationScores> out;
  const auto judge = [&](const char* name, const Matrix<float>& more) {
    Matrix<float> x(real.rows() + more.rows(), k);
    x.topRows(real.rows()) = real;
    if (more.rows() > 0) x.bottomRows(more.rows()) = more;
    std::vector<int> code = train_codes;
    if (more.rows() > 0) code.insert(code.end(), generated_codes.begin(), generated_codes.end());
    Index kept = 0;  // only cells with a label
    for (Index i = 0; i < x.rows(); ++i) {
      if (code[to_size(i)] < 0) continue;
      x.row(kept) = x.row(i);
      code[to_size(kept++)] = code[to_size(i)];
    }
    code.resize(to_size(kept));
    const ConstView<float> seen(x.data(), kept, k), asked(held.data(), held.rows(), k);
    const metric::LogisticRegression logistic(seen, code);
    Rng own = Rng(o.seed, 32);
    const Matrix<double> votes =
        metric::RandomForest(seen, code, labels, {.trees = o.trees, .depth = 16}, own).probabilities(asked);
    std::vector<int> of_forest;
    for (Index i = 0; i < votes.rows(); ++i) {
      const double* row = votes.data() + i * votes.cols();
      of_forest.push_back(int(std::max_element(row, row + votes.cols()) - row));
    }
    AugmentationScores s{.name = name,
                         .logistic = metric::label_scores(judged_codes, logistic.predict(asked), labels),
                         .forest = metric::label_scores(judged_codes, of_forest, labels)};
    double rare = 0;
    for (std::size_t l = 0; l < added.size(); ++l) {
      if (added[l] == 0 || s.logistic.cells[l] == 0) continue;
      rare += 1;
      s.rare_logistic += s.logistic.f1[l];
      s.rare_forest += s.forest.f1[l];
    }
    if (rare > 0) s.rare_logistic /= rare, s.rare_forest /= rare;
    out.push_back(std::move(s));
  };
  judge("real cells alone", {});
  judge("and copies", copies);
  judge("and class Gaussians", gaussian.draw(generated_codes, rng));
  judge("and points between neighbors", between);
  judge("and generated cells", points(generated));
  return out;
}

}  // namespace latentcell::generation
