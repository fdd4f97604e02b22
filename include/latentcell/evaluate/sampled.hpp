#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/evaluate/cell_moments.hpp>
#include <latentcell/evaluate/evaluate_generation.hpp>
#include <latentcell/evaluate/label_sample.hpp>

namespace LATENTCELL_NAMESPACE::evaluate {

/// Settings of SampledEvaluation.
struct SampledOptions {
  Index draws = 10;           ///< at least 2. Larger: smaller errors, more time
  Index cells = 5000;         ///< of each draw; W2 takes its square in memory and more than that in time
  Index train_cells = 20000;  ///< of each draw, for components, classifier and baselines; larger: more time
  EvaluateOptions each = {};  ///< of each draw; its most_cells is `cells`, its seed counts up

  static void visit(auto& self, auto&& f) {
    f("draws", self.draws, at_least(2));
    f("cells", self.cells, at_least(1));
    f("train_cells", self.train_cells, at_least(1));
    f("each", self.each);
  }
};

/// A GenerationReport of more cells than are compared at once: scores are means over the draws, with an error each.
struct SampledReport : GenerationReport {
  ScoreTable moments;   ///< exact, of all cells: moment_table
  Index generated = 0;  ///< cells that were evaluated
  Index draws = 0;      ///< comparisons of GenerationReport::cells cells each
};

namespace detail {

/// Mean and error of a score that several draws have.
struct DrawnScore {
  double mean = GenerationScores::unknown, error = GenerationScores::unknown;
};

/// The error is that of a mean of draws which have cells in common: the spread over the draws times
/// sqrt(1 / J + r / (1 - r)), r the share of the real cells of one draw that are in another too (Nadeau and Bengio
/// 2003, "Inference for the generalization error").
inline DrawnScore drawn_score(const std::vector<double>& values, double shared) {
  DrawnScore out;
  if (values.empty()) return out;
  out.mean = 0;
  for (const double v : values) out.mean += v / double(values.size());
  if (values.size() < 2) return out;
  double square = 0;
  for (const double v : values) square += (v - out.mean) * (v - out.mean) / double(values.size() - 1);
  out.error = std::sqrt(square * (1 / double(values.size()) + shared / (1 - shared)));
  return out;
}

/// The values of one row and metric in all reports that have them.
inline std::vector<double> over_draws(const std::vector<GenerationReport>& draws, const std::string& method,
                                      std::size_t metric) {
  std::vector<double> out;
  for (const GenerationReport& draw : draws) {
    for (const ScoreTable::Row& row : draw.scores.rows()) {
      if (row.method == method && std::isfinite(row.values[metric])) out.push_back(row.values[metric]);
    }
  }
  return out;
}

/// One table of the means over the draws, with errors.
inline ScoreTable mean_scores(const std::vector<GenerationReport>& draws, double shared) {
  std::vector<Metric> metrics = draws[0].scores.metrics();
  for (std::size_t m = 0; m < metrics.size(); ++m) {
    double target = 0;
    for (const GenerationReport& draw : draws) target += draw.scores.metrics()[m].target / double(draws.size());
    metrics[m].target = target;
  }
  ScoreTable out(metrics);
  for (const ScoreTable::Row& row : draws[0].scores.rows()) {
    std::vector<double> values, error;
    for (std::size_t m = 0; m < metrics.size(); ++m) {
      DrawnScore score = drawn_score(over_draws(draws, row.method, m), shared);
      // What draws have in common is not in their spread: an AUC of n cells has at best this precision.
      if (metrics[m].name == "auc")
        score.error = std::max(score.error, std::sqrt(score.mean * (1 - score.mean) / double(draws[0].cells)));
      values.push_back(score.mean);
      error.push_back(score.error);
    }
    out.add(row.method, row.role, std::move(values), std::move(error));
  }
  return out;
}

/// The scores of the classes, each the mean over the draws that have it.
inline std::vector<ClassScores> mean_classes(const std::vector<GenerationReport>& draws) {
  std::vector<ClassScores> out = draws[0].classes;
  for (ClassScores& c : out) {
    for (double ClassScores::*member : {&ClassScores::coverage, &ClassScores::coverage_ceiling, &ClassScores::accuracy,
                                        &ClassScores::accuracy_ceiling}) {
      std::vector<double> values;
      for (const GenerationReport& draw : draws) {
        for (const ClassScores& other : draw.classes) {
          if (other.level == c.level && std::isfinite(other.*member)) values.push_back(other.*member);
        }
      }
      c.*member = drawn_score(values, 0).mean;
    }
  }
  return out;
}

}  // namespace detail

/// Evaluates any number of generated cells, which come block by block, in the memory of a few draws: moments exactly
/// over all of them, all other scores by evaluate_generation on several draws of cells, each with the label mix of the
/// real ones; baselines and ceiling are evaluated on the same draws.
///
///   SampledEvaluation evaluation(train, held_out, "cell_type");
///   for (block : blocks) evaluation.add(block, first);
///   const SampledReport report = evaluation.report();
class SampledEvaluation {
 public:
  /// train, held_out: as for evaluate_generation; both must outlive this
  /// Throws std::invalid_argument as evaluate_generation does.
  SampledEvaluation(const CellTable& train, const CellTable& held_out, std::string label_column,
                    const SampledOptions& options = {})
      : train_(&train), held_out_(&held_out), label_(std::move(label_column)), options_(options) {
    check_options("evaluate: sampled", options);
    check_evaluate_options(options.each);
    (void)labels_in({"training", &train}, label_);
    labels_ = labels_in({"held-out", &held_out}, label_);
    const std::vector<Index> real = counts_by_code(labels_.codes, labels_.levels.size());
    Index labelled = 0;
    for (const Index n : real) labelled += n;
    LATENTCELL_REQUIRE(labelled > 1, "evaluate: no held-out cell has a label in column '", label_, "'");
    const Index n = std::min(options.cells, labelled / 2);
    shared_ = std::min(0.5, double(n) / double(labelled));
    std::vector<Index> most;
    for (const Index own : real) {
      // A label's share of a draw can be rounded up.
      quota_.push_back(own == 0 ? 0 : Index(std::ceil(double(n) * double(own) / double(labelled))) + 1);
      most.push_back(quota_.back() * options.draws);
    }
    sample_.emplace(labels_.levels, most, Rng(options.each.seed).at(sample_stream));
  }

  /// Adds generated cells, of which the first has the number `first` among all: every cell once, in any order.
  void add(const CellTable& block, Index first) {
    const NamedCells generated{"generated", &block};
    const std::vector<int> codes = recode(labels_in(generated, label_), labels_.levels);
    if (!of_generated_) {
      const std::vector<NamedCells> tables = {{"training", train_}, {"held-out", held_out_}, generated};
      std::vector<std::string> notes;  // evaluate_generation says the same
      const std::vector<std::string> genes = shared_genes(tables, options_.each.min_cells_per_gene, notes);
      of_generated_.emplace(genes, labels_.levels);
    }
    of_generated_->add(block, codes);
    sample_->add(block, codes, first);
    cells_ += block.cells();
  }

  /// Adds what another one has counted, of the same tables and options, as another process does.
  void merge(const SampledEvaluation& other) {
    if (!other.of_generated_) return;
    if (of_generated_) {
      of_generated_->merge(*other.of_generated_);
    } else {
      of_generated_ = other.of_generated_;
    }
    sample_->merge(*other.sample_);
    cells_ += other.cells_;
  }

  Index cells() const { return cells_; }

  /// The generated cells of draw k.     k in [0, draws)
  CellTable sample(Index k) const { return sample_->part(k, quota_, label_); }

  /// prior: cells from the autoencoder's prior, a further baseline; null: none
  SampledReport report(const CellTable* prior = nullptr) const {
    LATENTCELL_REQUIRE(of_generated_.has_value(), "evaluate: there are no generated cells");
    std::vector<GenerationReport> draws;
    for (Index k = 0; k < options_.draws; ++k) draws.push_back(draw(k, prior));
    SampledReport out{draws[0], {}, cells_, options_.draws};
    out.scores = detail::mean_scores(draws, shared_);
    out.classes = detail::mean_classes(draws);
    for (ClassScores& c : out.classes) {
      const auto at = std::find(labels_.levels.begin(), labels_.levels.end(), c.level);
      c.generated = sample_->count(std::size_t(at - labels_.levels.begin()));
    }
    CellMoments real(of_generated_->genes(), labels_.levels);
    real.add(*held_out_, labels_.codes);
    out.moments = moment_table(real, *of_generated_);
    out.notes.push_back(text("scores are means over ", options_.draws, " draws of ", out.cells, " of ", cells_,
                             " cells; nearest training cells are of the first draw"));
    return out;
  }

 private:
  static constexpr std::uint64_t sample_stream = 9, train_stream = 10;

  GenerationReport draw(Index k, const CellTable* prior) const {
    EvaluateOptions each = options_.each;
    each.most_cells = options_.cells;
    each.seed += std::uint64_t(k);
    const CellTable generated = sample(k);
    if (train_->cells() <= options_.train_cells)
      return evaluate_generation({*train_, *held_out_, generated, prior}, label_, each);
    Rng own = Rng(each.seed).at(train_stream);
    const double share = double(options_.train_cells) / double(train_->cells());
    const CellTable train = train_->select_cells(stratified_split(train_->obs(label_), share, own).test);
    return evaluate_generation({train, *held_out_, generated, prior}, label_, each);
  }

  const CellTable *train_, *held_out_;
  std::string label_;
  SampledOptions options_;
  Categorical labels_;        // of the held-out cells
  std::vector<Index> quota_;  // (levels) cells of each draw
  double shared_ = 0;         // share of a draw's real cells that another draw has too
  std::optional<LabelSample> sample_;
  std::optional<CellMoments> of_generated_;
  Index cells_ = 0;
};

}  // namespace latentcell::evaluate
