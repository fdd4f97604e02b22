#include <latentcell/core/random_draw.hpp>
#include <latentcell/core/threads.hpp>
#include <latentcell/op/count_loss.hpp>

#include "support/catch.hpp"
#include "support/extreme_counts.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::window;

namespace {

struct Cells {
  static constexpr Index batch = 70, genes = 150;
  Counts counts{genes};
  std::vector<float> library, weight;
  Matrix<float> eta = support::made_matrix<float>(batch, genes, 1);
  Matrix<float> log_theta = support::made_matrix<float>(1, genes, 2);
  Matrix<float> log_theta_cell = support::made_matrix<float>(batch, genes, 3);
  Matrix<float> logit_pi = support::made_matrix<float>(batch, genes, 4);

  Cells() {
    Rng rng(5);
    for (Index b = 0; b < batch; ++b) {
      float sum = 0;
      for (Index g = 0; g < genes; ++g) {
        const float x = float(draw_negative_binomial(0.8, 0.5, rng));
        if (x > 0) counts.push(std::int32_t(g), x);
        sum += x;
      }
      counts.end_row();
      library.push_back(std::max(1.0f, sum));
      weight.push_back(0.25f + 0.5f * rng.uniform());
    }
  }
  double count(Index b, Index g) const {
    const auto c = counts.view().row_columns(b);
    const auto at = std::lower_bound(c.begin(), c.end(), std::int32_t(g));
    return at != c.end() && *at == g ? double(counts.view().row_values(b)[std::size_t(at - c.begin())]) : 0.0;
  }
  CountTargets<float> targets() const { return {counts, library, weight}; }
};

struct Gradients {
  double loss;
  Matrix<float> eta, log_theta, logit_pi;
};

Gradients run(const Cells& cells, Family family, const Matrix<float>& log_theta, float seed = 1) {
  Tape<float> tape;
  CountPredictors<float> p{tape.input(window(cells.eta)), {}, {}};
  if (has_dispersion(family)) p.log_theta = tape.input(window(log_theta));
  if (family == Family::zero_inflated_negative_binomial) p.logit_pi = tape.input(window(cells.logit_pi));
  const Var<float> y = count_loss(family, LibraryLink::softmax, p, cells.targets());
  const Matrix<float> start = Matrix<float>::Constant(1, 1, seed);
  tape.backward(y, window(start));
  Gradients out{double(y.item()), p.eta.upstream(), {}, {}};
  if (!p.log_theta.empty()) out.log_theta = p.log_theta.upstream();
  if (!p.logit_pi.empty()) out.logit_pi = p.logit_pi.upstream();
  return out;
}

constexpr Family all[] = {Family::poisson, Family::negative_binomial, Family::zero_inflated_negative_binomial,
                          Family::gaussian, Family::bernoulli};

}  // namespace

TEST_CASE("count_loss: in float agrees with the sum of nb_term in double") {
  const Cells cells;
  for (const Matrix<float>* log_theta : {&cells.log_theta, &cells.log_theta_cell}) {
    std::vector<float> log_prob(Cells::batch);
    Tape<float> tape;
    const CountPredictors<float> p{tape.input(window(cells.eta)), tape.input(view(*log_theta)), {}};
    const Var<float> y =
        count_loss(Family::negative_binomial, LibraryLink::softmax, p, cells.targets(), log_prob.data());
    double expected = 0;
    for (Index b = 0; b < Cells::batch; ++b) {
      const auto eta = cells.eta.row(b).cast<double>();
      const double log_sum = std::log(eta.array().exp().sum());
      double cell = 0;
      for (Index g = 0; g < Cells::genes; ++g) {
        const double log_mu = eta(g) - log_sum + std::log(double(cells.library[to_size(b)]));
        const double lt = double((*log_theta)(log_theta->rows() == 1 ? 0 : b, g));
        cell += kernel::nb_term(cells.count(b, g), log_mu, lt).log_prob;
      }
      CHECK(double(log_prob[to_size(b)]) == Approx(cell).epsilon(1e-5));
      expected -= double(cells.weight[to_size(b)]) * cell;
    }
    CHECK(double(y.item()) == Approx(expected).epsilon(1e-5));
  }
}

TEST_CASE("count_loss: one and two threads give the same bits") {
  const Cells cells;
  const int before = threads();
  for (const Family family : all) {
    for (const Matrix<float>* log_theta : {&cells.log_theta, &cells.log_theta_cell}) {
      set_threads(1);
      const Gradients a = run(cells, family, *log_theta);
      set_threads(2);
      const Gradients b = run(cells, family, *log_theta);
      CHECK(a.loss == b.loss);
      CHECK(a.eta == b.eta);
      CHECK(a.log_theta == b.log_theta);
      CHECK(a.logit_pi == b.logit_pi);
    }
  }
  set_threads(before);
}

TEST_CASE("count_loss: weights scale cells, the seed scales gradients") {
  Cells cells;
  for (const Family family : all) {
    const Gradients a = run(cells, family, cells.log_theta);
    const std::vector<float> kept = cells.weight;
    for (float& w : cells.weight) w *= 2;
    const Gradients doubled = run(cells, family, cells.log_theta), seeded = run(cells, family, cells.log_theta, -3.0f);
    cells.weight = kept;
    CHECK(doubled.loss == Approx(2 * a.loss).epsilon(1e-6));
    CHECK((doubled.eta - 2 * a.eta).cwiseAbs().maxCoeff() <= 1e-6f * a.eta.cwiseAbs().maxCoeff());
    CHECK((seeded.eta + 6 * a.eta).cwiseAbs().maxCoeff() <= 1e-5f * a.eta.cwiseAbs().maxCoeff());
    if (!has_dispersion(family)) continue;
    CHECK((seeded.log_theta + 6 * a.log_theta).cwiseAbs().maxCoeff() <= 1e-5f * a.log_theta.cwiseAbs().maxCoeff());
  }
}

TEST_CASE("count_loss: a weight of zero takes a cell out") {
  Cells cells;
  cells.weight.assign(cells.weight.size(), 0.0f);
  cells.weight[3] = 1;
  const Gradients a = run(cells, Family::negative_binomial, cells.log_theta_cell);
  for (Index b = 0; b < Cells::batch; ++b) CHECK((a.eta.row(b).cwiseAbs().maxCoeff() > 0) == (b == 3));
}

TEST_CASE("count_loss: one cell, whose dispersions are per gene and per cell at once") {
  const Cells cells;
  Tape<float> tape;
  const Matrix<float> eta = cells.eta.topRows(1);
  const CountPredictors<float> p{tape.input(window(eta)), tape.input(window(cells.log_theta)), {}};
  const Var<float> y = count_loss(
      Family::negative_binomial, LibraryLink::softmax, p,
      {cells.counts.view().middle(0, 1), std::span(cells.library).first(1), std::span(cells.weight).first(1)});
  tape.backward(y);
  CHECK(p.log_theta.upstream().cwiseAbs().maxCoeff() > 0);
}

TEST_CASE("count_loss: extreme predictors and counts stay finite in float") {
  const support::ExtremeCounts cells;
  for (const Family family : all) {
    for (const LibraryLink link : {LibraryLink::softmax, LibraryLink::exp}) {
      for (const float level : {-60.0f, 60.0f}) {
        for (const float dispersion : {-9.0f, 14.0f}) {
          Matrix<float> eta(2, 4);
          eta << level, 0, 0, 0, -level, level, 0, 0;
          const Matrix<float> log_theta = Matrix<float>::Constant(1, 4, dispersion), logit = eta;
          Tape<float> tape;
          CountPredictors<float> p{tape.input(window(eta)), {}, {}};
          if (has_dispersion(family)) p.log_theta = tape.input(window(log_theta));
          if (family == Family::zero_inflated_negative_binomial) p.logit_pi = tape.input(window(logit));
          const Var<float> y = count_loss(family, link, p, {cells.counts, cells.library, cells.weight});
          tape.backward(y);
          INFO("family " << int(family) << ", link " << int(link) << ", level " << level << ", dispersion "
                         << dispersion);
          CHECK(std::isfinite(y.item()));
          CHECK(p.eta.upstream().allFinite());
          if (!p.log_theta.empty()) CHECK(p.log_theta.upstream().allFinite());
        }
      }
    }
  }
}

TEST_CASE("count_loss: predictors that do not fit are named") {
  const Cells cells;
  const Matrix<float> wrong = Matrix<float>::Zero(3, 150);
  Tape<float> tape;
  const Var<float> eta = tape.input(window(cells.eta)), theta = tape.input(window(cells.log_theta)),
                   bad = tape.input(window(wrong));
  const auto loss = [&](Family family, CountPredictors<float> p) {
    return count_loss(family, LibraryLink::softmax, p, cells.targets());
  };
  REQUIRE_THROWS_WITH(loss(Family::negative_binomial, {bad, theta, {}}),
                      ContainsText("count_loss: predictor (3, 150) for counts (70, 150)"));
  REQUIRE_THROWS_WITH(loss(Family::negative_binomial, {eta, bad, {}}), ContainsText("log_theta (3, 150)"));
  REQUIRE_THROWS_WITH(loss(Family::negative_binomial, {eta, {}, {}}), ContainsText("needs log_theta"));
  REQUIRE_THROWS_WITH(loss(Family::poisson, {eta, theta, {}}), ContainsText("Poisson has none"));
  REQUIRE_THROWS_WITH(loss(Family::negative_binomial, {eta, theta, eta}), ContainsText("zero-inflated family alone"));
  REQUIRE_THROWS_WITH(loss(Family::zero_inflated_negative_binomial, {eta, theta, bad}),
                      ContainsText("logit_pi (3, 150)"));
  CountTargets<float> few = cells.targets();
  few.weight = few.weight.first(2);
  REQUIRE_THROWS_WITH(count_loss(Family::poisson, LibraryLink::softmax, {eta, {}, {}}, few),
                      ContainsText("70 library sizes and 2 weights for 70 cells"));
}
