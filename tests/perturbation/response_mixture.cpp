#include <latentcell/perturbation/response_mixture.hpp>

#include <cmath>

#include <latentcell/core/rng.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::perturbation;

namespace {

constexpr Index genes = 200;

// Log changes of each group: what all share, and what is its own.
struct Responses {
  Matrix<double> change;      // (groups, G)
  Matrix<double> flow;        // (groups, G) what the flow predicts
  std::vector<double> level;  // (G) counts of a control cell
  Index groups() const { return change.rows(); }

  Responses(Index count, double shared, double own, Rng& rng) : change(count, genes), flow(count, genes) {
    std::vector<double> common;
    for (Index k = 0; k < genes; ++k) {
      level.push_back(std::exp(rng.normal()));
      common.push_back(k % 5 == 0 ? shared * rng.normal() : 0);
    }
    for (Index g = 0; g < count; ++g) {
      for (Index k = 0; k < genes; ++k)
        change(g, k) = common[to_size(k)] + (k % 5 == 1 ? own * rng.normal() : 0), flow(g, k) = 0;
    }
  }

  // 100 cells of each group, without noise.
  ResponseResidual residual() const {
    ResponseResidual out(genes, ResponseResidual::Grouping::by_group);
    for (Index g = 0; g < groups(); ++g) {
      ResponseRecord r{g, 100, 1, {}, {}, {}, {}};
      for (Index k = 0; k < genes; ++k) {
        const double counts = 100 * level[to_size(k)] * std::exp(change(g, k));
        r.counted.push_back(counts);
        r.log_control.push_back(std::log(counts) - change(g, k));
        r.log_flow.push_back(std::log(counts) - change(g, k) + flow(g, k));
        r.variance.push_back(0);
      }
      out.records.push_back(r);
    }
    return out;
  }
};

MixtureChoice chosen(const Responses& r, const Matrix<float>& profiles = {}) {
  MixtureSearch search(r.groups(), profiles);
  search.add(r.residual());
  return search.choose();
}

}  // namespace

TEST_CASE("MixtureSearch: the chosen mixture has the smallest error, or the whole flow and no more than it alone") {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    for (const double own : {0.0, 0.5, 1.0}) {
      Rng rng(seed);
      Responses r(4, 1.0, own, rng);
      for (Index i = 0; i < r.flow.size(); ++i) r.flow.data()[i] = 0.5 * r.change.data()[i] + 0.2 * rng.normal();
      const MixtureChoice c = chosen(r);
      CHECK(c.error <= c.flow);
      if (c.mixture.control_weight == 0) continue;
      for (const double other : {c.no_change, c.common, c.pooled, c.nearest}) CHECK(c.error <= other);
    }
  }
}

TEST_CASE("MixtureSearch: the flow is given up where groups agree that it is worse, not for one of them") {
  Rng rng(8);
  Responses r(6, 1.0, 0.3, rng);
  r.flow = r.change;
  for (Index k = 0; k < genes; ++k) r.flow(0, k) += 2 * rng.normal();
  CHECK(chosen(r).mixture.control_weight == 0);
  for (Index i = 0; i < r.flow.size(); ++i) r.flow.data()[i] = 2 * rng.normal();
  CHECK(chosen(r).mixture.control_weight > 0);
}

TEST_CASE("MixtureSearch: a flow that knows nothing is left out, one that knows each group's own change is kept") {
  Rng rng(5);
  Responses shared(4, 1.0, 0.0, rng);
  for (Index i = 0; i < shared.flow.size(); ++i) shared.flow.data()[i] = 0.5 * rng.normal();
  const MixtureChoice without = chosen(shared);
  CHECK(without.mixture.control_weight == 1);
  CHECK(without.mixture.strength == 1);
  CHECK(without.error < 0.01 * without.no_change);
  Responses own(4, 0.0, 1.0, rng);
  own.flow = own.change;
  const MixtureChoice with = chosen(own);
  CHECK(with.mixture.control_weight == 0);
  CHECK(with.error < 0.01 * with.common);
}

TEST_CASE(
    "MixtureSearch: where every group responds by genes of its own and the flow knows nothing, a trace of what is "
    "common is left") {
  Rng rng(6);
  Responses r(5, 0.0, 1.0, rng);
  for (Index i = 0; i < r.flow.size(); ++i) r.flow.data()[i] = 0.5 * rng.normal();
  const MixtureChoice c = chosen(r);
  CHECK(c.mixture.control_weight == 1);
  CHECK(c.mixture.strength > 0);
  CHECK(c.mixture.strength <= 0.1);
  CHECK(c.mixture.shrinkage == 0);
  CHECK(c.error <= 1.05 * c.no_change);
  CHECK(c.no_change < c.common);
}

TEST_CASE("MixtureSearch: groups alike in control that respond alike make the nearest group count") {
  Rng rng(7);
  Responses r(6, 0.0, 1.0, rng);
  Matrix<float> profiles(6, genes);
  for (Index i = 0; i < profiles.size(); ++i) profiles.data()[i] = float(rng.normal());
  for (Index g = 1; g < 6; g += 2) {
    r.change.row(g) = r.change.row(g - 1);
    profiles.row(g) = profiles.row(g - 1);
    profiles(g, 0) += 0.1f;
  }
  const MixtureChoice c = chosen(r, profiles);
  CHECK(c.mixture.similarity > 0);
  CHECK(c.error < 0.05 * c.common);
}

TEST_CASE("MixtureSearch: without two units nothing is chosen") {
  Rng rng(8);
  const MixtureChoice c = chosen(Responses(1, 1.0, 0.0, rng));
  CHECK(c.mixture.control_weight == 0);
  CHECK(c.mixture.strength == 1);
  CHECK(std::isnan(c.error));
  CHECK_THAT(describe(c), ContainsText("not chosen by left-out cells"));
}

TEST_CASE("describe: the sentence names what is used") {
  MixtureChoice c;
  c.mixture = {1, 0.5, 0, GroupWeighting::by_cells};
  CHECK_THAT(describe(c), ContainsText("50 % of what all their cells show together"));
  c.mixture = {0.25, 1, ResponseMixture::nearest, GroupWeighting::random_effects};
  CHECK_THAT(describe(c), ContainsText("75 % of the flow's, and beyond it what the nearest group shows"));
  c.mixture = {1, 1, 0, GroupWeighting::by_cells, CellSampling::counterfactual, 0};
  CHECK_THAT(describe(c), ContainsText("what all their cells show together, as measured; cells: the control cells'"));
  c.mixture = {1, 0, 0, GroupWeighting::random_effects};
  CHECK_THAT(describe(c), ContainsText("changes of gene means: none"));
}

TEST_CASE("weights_among_observed: groups without measurements and the one left out have weight 0") {
  GroupEffects e(3, 2);
  e.precision.row(0).setOnes();
  e.precision.row(2).setOnes();
  const Matrix<float> p = Matrix<float>::Random(3, 2);
  CHECK(weights_among_observed(e, p, {p, 1}, 0) == std::vector<double>{1, 0, 1});
  CHECK(weights_among_observed(e, p, {p, 2}, 5, 2) == std::vector<double>{1, 0, 0});
}
