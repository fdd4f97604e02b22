// A likelihood of your own: square roots of counts are nearly normal with variance 1/4, whatever
// the mean (Anscombe 1948). The decoder predicts the square root; the loss is a squared difference.
// A type with these members trains in every autoencoder. Library sizes play no part here.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include <latentcell/core/dense_counts.hpp>
#include <latentcell/latentcell.hpp>

namespace lc = latentcell;
using lc::Index, lc::Var;
using Tape = lc::Tape<float>;
using Heads = std::vector<lc::Linear<float>>;

struct SquareRoot {
  static constexpr bool draws_counts = true;
  static constexpr bool draws_molecules = false;  // the mean does not grow with the library size

  explicit SquareRoot(Index /*genes*/, lc::LikelihoodOptions = {}, Index /*levels*/ = 0) {}
  Index heads() const { return 1; }  // predictors per gene and cell
  bool per_batch_covariate() const { return false; }
  void set_rates(Heads&) const {}

  /// Before training, the decoder's bias is the gene's mean.
  void start(const lc::CountsView& counts, Heads& heads, double /*reference library*/) {
    heads[0].bias.value = roots(counts).colwise().mean();
  }

  using Predictors = Var<float>;  // of the square root
  Predictors predictors(Tape&, std::span<const Var<float>> outputs, Var<float> = {}) const {
    return outputs[0];
  }

  /// Sum over cells of weight * 2 |sqrt(x + 3/8) - predicted|^2: -log p but for a constant.
  Var<float> nll(Tape& tape, const Heads& heads, const lc::LikelihoodInput<float>& in,
                 float* log_prob) const {
    const Var<float> predicted = heads[0](in.hidden);
    const Index cells = predicted.rows(), genes = predicted.cols();
    lc::View<float> target(tape.scratch(cells * genes), cells, genes);  // until the tape is reset
    target = roots(in.targets.counts);
    const Var<float> difference = lc::sub(predicted, tape.constant(lc::ConstView<float>(target)));
    const Var<float> cost = lc::scale(lc::row_sum(lc::mul(difference, difference)), 2.0f);
    if (log_prob != nullptr) Eigen::Map<Eigen::VectorXf>(log_prob, cells) = -cost.value();
    return lc::weighted_sum(cost, in.targets.weight.data());
  }

  /// Draws the counts of one cell: columns ascend, zeros are left out.
  void draw_row(const Predictors& root_mean, Index row, lc::Rng& rng,
                std::vector<std::int32_t>& columns, std::vector<float>& values) const {
    for (Index gene = 0; gene < root_mean.cols(); ++gene) {
      const double mean = double(root_mean.value()(row, gene));
      const double root = std::max(0.0, lc::draw_normal(mean, 0.5, rng));
      const double count = std::round(root * root - 0.375);
      if (count > 0) columns.push_back(std::int32_t(gene)), values.push_back(float(count));
    }
  }

  static void visit(auto&, auto&&) {}  // no Params of its own

 private:
  static lc::Matrix<float> roots(const lc::CountsView& counts) {
    return (lc::dense_counts(counts).array() + 0.375f).sqrt();
  }
};

int main() {
  lc::Rng rng(1);
  const lc::CellTable cells = lc::simulate({.cells = 600, .genes = 50, .dispersion = 0.1}, rng);
  lc::Vae<float, SquareRoot> vae({.genes = 50, .hidden = {64}, .latent = 8}, rng);
  const lc::History history = lc::fit(vae, cells, {.epochs = 150});
  const lc::CellTable drawn = lc::draw(vae, lc::encode(vae, cells), rng);

  const Eigen::RowVectorXf real = lc::dense_counts(cells.counts).colwise().mean();
  const Eigen::RowVectorXf made = lc::dense_counts(drawn.counts).colwise().mean();
  const float error = (made - real).norm() / real.norm();
  const double first = history.epochs.front().loss, last = history.epochs.back().loss;
  std::printf("loss %.1f to %.1f; gene means off by %.1f %%\n", first, last, 100 * double(error));
  return error < 0.1f && last < first ? 0 : 1;
}
