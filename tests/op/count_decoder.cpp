#include <latentcell/core/random_draw.hpp>
#include <latentcell/core/threads.hpp>
#include <latentcell/op/count_decoder.hpp>
#include <latentcell/op/count_loss.hpp>
#include <latentcell/op/elementwise.hpp>
#include <latentcell/op/linear.hpp>

#include "support/catch.hpp"
#include "support/extreme_counts.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::window;

namespace {

// More cells than go through the decoder at once, more genes than fill its blocks, and no size a multiple of a vector.
struct Cells {
  static constexpr Index batch = 150, genes = 691, width = 37;
  Counts counts{genes};
  std::vector<float> library, weight;
  Matrix<float> hidden = support::made_matrix<float>(batch, width, 1);
  Matrix<float> weights[3], biases[3];
  Matrix<float> log_theta = support::made_matrix<float>(1, genes, 8);

  explicit Cells(float scale = 1) {
    Rng rng(5);
    for (Index b = 0; b < batch; ++b) {
      float sum = 0;
      for (Index g = 0; g < genes; ++g) {
        const float x = scale * float(draw_negative_binomial(0.3, 0.5, rng));
        if (x > 0) counts.push(std::int32_t(g), x);
        sum += x;
      }
      counts.end_row();
      library.push_back(std::max(1.0f, sum));
      weight.push_back(0.25f + 0.5f * rng.uniform());
    }
    for (std::size_t i = 0; i < 3; ++i) {
      weights[i] = 0.2f * support::made_matrix<float>(genes, width, 10 + i);
      biases[i] = support::made_matrix<float>(1, genes, 20 + i);
    }
  }
  CountTargets<float> targets() const { return {counts, library, weight}; }
};

struct Kind {
  Family family;
  LibraryLink link;
  bool per_cell;
};
std::vector<Kind> kinds() {
  std::vector<Kind> all;
  for (Family family : {Family::poisson, Family::negative_binomial, Family::zero_inflated_negative_binomial,
                        Family::gaussian, Family::bernoulli}) {
    for (LibraryLink link : {LibraryLink::softmax, LibraryLink::exp}) {
      all.push_back({family, link, false});
      if (has_dispersion(family)) all.push_back({family, link, true});
    }
  }
  return all;
}

struct Result {
  double loss;
  std::vector<float> log_prob;
  std::vector<Matrix<float>> gradients;  // hidden, weights and biases of the heads, log_theta
};

// The fused operation, or the plain one: linear layers and count_loss.
Result run(const Cells& cells, const Kind& kind, bool fused, int times = 1) {
  Tape<float> tape;
  const Var<float> hidden = tape.input(window(cells.hidden));
  std::vector<Var<float>> inputs{hidden};
  const auto head = [&](std::size_t i) {
    inputs.push_back(tape.input(window(cells.weights[i])));
    inputs.push_back(tape.input(window(cells.biases[i])));
    return DecoderHeads<float>::Layer{inputs[inputs.size() - 2], inputs.back()};
  };
  DecoderHeads<float> heads;
  heads.mean = head(0);
  if (kind.per_cell) heads.dispersion = head(1);
  if (kind.family == Family::zero_inflated_negative_binomial) heads.inflation = head(2);
  if (!kind.per_cell && has_dispersion(kind.family)) {
    heads.log_theta = tape.input(window(cells.log_theta));
    inputs.push_back(heads.log_theta);
  }
  Result out;
  out.log_prob.resize(std::size_t(Cells::batch));
  Var<float> y;
  if (fused) {
    y = count_decoder(kind.family, kind.link, hidden, heads, cells.targets(), out.log_prob.data());
  } else {
    const auto apply = [&](const DecoderHeads<float>::Layer& l) { return linear(hidden, l.weight, l.bias); };
    CountPredictors<float> p{apply(heads.mean), heads.log_theta, {}};
    if (kind.per_cell) p.log_theta = clamp(apply(heads.dispersion), -9.0f, 14.0f);
    if (!heads.inflation.weight.empty()) p.logit_pi = apply(heads.inflation);
    y = count_loss(kind.family, kind.link, p, cells.targets(), out.log_prob.data());
  }
  out.loss = double(y.item());
  for (int i = 0; i < times; ++i) tape.backward(y);
  for (const Var<float>& v : inputs) out.gradients.emplace_back(v.upstream());
  return out;
}

double difference(const Matrix<float>& a, const Matrix<float>& b) {
  return double((a - b).cwiseAbs().maxCoeff()) / std::max(1e-30, double(b.cwiseAbs().maxCoeff()));
}

}  // namespace

TEST_CASE("count_decoder: agrees with linear layers and count_loss, with every instruction set") {
  const Cells cells;
  for (const Kind& kind : kinds()) {
    const Result plain = run(cells, kind, false);
    for (kernel::Isa isa : {kernel::Isa::portable, kernel::Isa::avx2, kernel::Isa::avx512}) {
      kernel::limit_isa(isa);
      const Result fused = run(cells, kind, true);
      kernel::limit_isa(kernel::Isa::avx512);
      INFO("family " << int(kind.family) << ", link " << int(kind.link) << ", per cell " << kind.per_cell << ", isa "
                     << int(isa));
      CHECK(fused.loss == Approx(plain.loss).epsilon(1e-5));
      for (std::size_t b = 0; b < plain.log_prob.size(); ++b)
        REQUIRE(fused.log_prob[b] == Approx(plain.log_prob[b]).epsilon(1e-5));
      for (std::size_t i = 0; i < plain.gradients.size(); ++i) {
        INFO("gradient " << i);
        CHECK(difference(fused.gradients[i], plain.gradients[i]) < 1e-4);
      }
    }
  }
}

TEST_CASE("count_decoder: one, two and three threads give the same bits") {
  const Cells cells;
  const int before = threads();
  for (const Kind& kind : kinds()) {
    set_threads(1);
    const Result one = run(cells, kind, true);
    for (int n : {2, 3}) {
      set_threads(n);
      const Result more = run(cells, kind, true);
      CHECK(one.loss == more.loss);
      for (std::size_t i = 0; i < one.gradients.size(); ++i) CHECK(one.gradients[i] == more.gradients[i]);
    }
  }
  set_threads(before);
}

TEST_CASE("count_decoder: fractional counts go another way to the same numbers") {
  const Cells cells(0.25f);
  for (const Kind& kind : kinds()) {
    const Result plain = run(cells, kind, false), fused = run(cells, kind, true);
    INFO("family " << int(kind.family) << ", link " << int(kind.link) << ", per cell " << kind.per_cell);
    CHECK(fused.loss == Approx(plain.loss).epsilon(1e-5));
    for (std::size_t i = 0; i < plain.gradients.size(); ++i)
      CHECK(difference(fused.gradients[i], plain.gradients[i]) < 1e-4);
  }
}

TEST_CASE("count_decoder: a second backward adds the same gradients again") {
  const Cells cells;
  for (const Kind& kind : kinds()) {
    const Result once = run(cells, kind, true), twice = run(cells, kind, true, 2);
    for (std::size_t i = 0; i < once.gradients.size(); ++i)
      CHECK(difference(twice.gradients[i], 2 * once.gradients[i]) < 1e-6);
  }
}

TEST_CASE("count_decoder: values alone need no gradients, and frozen heads get none") {
  const Cells cells;
  const Kind kind{Family::negative_binomial, LibraryLink::softmax, false};
  const Result reference = run(cells, kind, true);
  Tape<float> tape(Mode::no_gradient);
  DecoderHeads<float> heads;
  heads.mean = {tape.input(window(cells.weights[0])), tape.input(window(cells.biases[0]))};
  heads.log_theta = tape.input(window(cells.log_theta));
  CHECK(
      double(count_decoder(kind.family, kind.link, tape.input(window(cells.hidden)), heads, cells.targets()).item()) ==
      reference.loss);

  Tape<float> frozen;
  const Var<float> hidden = frozen.input(window(cells.hidden));
  heads.mean = {frozen.constant(window(cells.weights[0])), frozen.constant(window(cells.biases[0]))};
  heads.log_theta = frozen.constant(window(cells.log_theta));
  frozen.backward(count_decoder(kind.family, kind.link, hidden, heads, cells.targets()));
  CHECK(Matrix<float>(hidden.upstream()) == reference.gradients[0]);
}

TEST_CASE("count_decoder: extreme predictors and counts stay finite in float") {
  const support::ExtremeCounts cells;
  Matrix<float> hidden(2, 1);
  hidden << 1, -1;
  for (const Kind& kind : kinds()) {
    for (const float level : {-60.0f, 60.0f}) {
      for (const float dispersion : {-9.0f, 14.0f}) {
        Matrix<float> weights = Matrix<float>::Zero(4, 1);
        weights(0, 0) = level;
        weights(1, 0) = -level;
        const Matrix<float> bias = Matrix<float>::Zero(1, 4), log_theta = Matrix<float>::Constant(1, 4, dispersion);
        const Matrix<float> flat = Matrix<float>::Zero(4, 1);
        Tape<float> tape;
        DecoderHeads<float> heads;
        heads.mean = {tape.input(window(weights)), tape.input(window(bias))};
        if (kind.family == Family::zero_inflated_negative_binomial) heads.inflation = heads.mean;
        if (kind.per_cell) heads.dispersion = {tape.input(window(flat)), tape.input(window(log_theta))};
        if (!kind.per_cell && has_dispersion(kind.family)) heads.log_theta = tape.input(window(log_theta));
        const Var<float> y = count_decoder(kind.family, kind.link, tape.input(window(hidden)), heads,
                                           {cells.counts, cells.library, cells.weight});
        tape.backward(y);
        INFO("family " << int(kind.family) << ", link " << int(kind.link) << ", level " << level << ", dispersion "
                       << dispersion);
        CHECK(std::isfinite(y.item()));
        CHECK(heads.mean.weight.upstream().allFinite());
      }
    }
  }
}

TEST_CASE("count_decoder: inputs that do not fit are named") {
  const Cells cells;
  const Matrix<float> wrong = Matrix<float>::Zero(3, 4);
  Tape<float> tape;
  const Var<float> hidden = tape.input(window(cells.hidden)), bad = tape.input(window(wrong));
  DecoderHeads<float> heads;
  heads.mean = {tape.input(window(cells.weights[0])), tape.input(window(cells.biases[0]))};
  const auto loss = [&](Family family, const Var<float>& h, const DecoderHeads<float>& at) {
    return count_decoder(family, LibraryLink::softmax, h, at, cells.targets());
  };
  REQUIRE_THROWS_WITH(loss(Family::poisson, bad, heads), ContainsText("hidden (3, 4) for counts (150, 691)"));
  REQUIRE_THROWS_WITH(loss(Family::poisson, hidden, {}), ContainsText("needs a head for the mean"));
  REQUIRE_THROWS_WITH(loss(Family::negative_binomial, hidden, heads), ContainsText("needs a dispersion"));
  DecoderHeads<float> more = heads;
  more.log_theta = bad;
  REQUIRE_THROWS_WITH(loss(Family::poisson, hidden, more), ContainsText("Poisson has none"));
  REQUIRE_THROWS_WITH(loss(Family::negative_binomial, hidden, more), ContainsText("log_theta (3, 4)"));
  more = heads;
  more.inflation = heads.mean;
  REQUIRE_THROWS_WITH(loss(Family::poisson, hidden, more), ContainsText("zero-inflated family alone"));
  more = heads;
  more.mean.weight = bad;
  REQUIRE_THROWS_WITH(loss(Family::poisson, hidden, more), ContainsText("head (3, 4)"));
}
