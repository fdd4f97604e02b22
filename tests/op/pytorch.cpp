// Numbers of torch and scvi-tools: tests/reference/pytorch.py.
#include <latentcell/nn/attention.hpp>
#include <latentcell/nn/layer_norm.hpp>
#include <latentcell/op/attention.hpp>
#include <latentcell/op/count_decoder.hpp>
#include <latentcell/op/count_loss.hpp>
#include <latentcell/op/elementwise.hpp>
#include <latentcell/op/embedding.hpp>
#include <latentcell/op/gaussian.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"
#include "support/reference.hpp"

using namespace latentcell;
using support::window;

namespace {

const Reference& reference() {
  static const Reference numbers("pytorch");
  return numbers;
}

template <class T>
Matrix<T> get(const std::string& name) {
  return reference().matrix(name).cast<T>();
}

template <class T>
constexpr double near = std::is_same_v<T, double> ? 1e-11 : 1e-5;

// Of a Param that the tape has watched.
template <class T>
ConstView<T> gradient(const Tape<T>& tape, const Param<T>& p) {
  return {tape.grad(p), p.value.rows(), p.value.cols()};
}

}  // namespace

TEMPLATE_TEST_CASE("op: linear, layer norm, GELU and SiLU agree with PyTorch", "", double, float) {
  using T = TestType;
  Tape<T> tape;
  Rng rng(1);
  const Matrix<T> x = get<T>("linear.x"), seed = get<T>("linear.seed");
  Linear<T> layer(3, 5, rng);
  layer.weight.value = get<T>("linear.weight");
  layer.bias.value = get<T>("linear.bias");
  const Var<T> in = tape.input(window(x)), y = layer(in);
  tape.backward(y, window(seed));
  CHECK(farthest(y.value(), reference().matrix("linear.y")) < near<T>);
  CHECK(farthest(in.upstream(), reference().matrix("linear.dx")) < near<T>);
  CHECK(farthest(gradient(tape, layer.weight), reference().matrix("linear.dweight")) < near<T>);
  CHECK(farthest(gradient(tape, layer.bias), reference().matrix("linear.dbias")) < near<T>);

  const Matrix<T> wide = get<T>("layer_norm.x"), norm_seed = get<T>("layer_norm.seed");
  LayerNorm<T> norm(6);
  norm.weight.value = get<T>("layer_norm.weight");
  norm.bias.value = get<T>("layer_norm.bias");
  const Var<T> rows = tape.input(window(wide)), normed = norm(rows);
  tape.backward(normed, window(norm_seed));
  CHECK(farthest(normed.value(), reference().matrix("layer_norm.y")) < near<T>);
  CHECK(farthest(rows.upstream(), reference().matrix("layer_norm.dx")) < near<T>);
  CHECK(farthest(gradient(tape, norm.weight), reference().matrix("layer_norm.dweight")) < near<T>);
  CHECK(farthest(gradient(tape, norm.bias), reference().matrix("layer_norm.dbias")) < near<T>);

  const Matrix<T> points = get<T>("gelu.x"), point_seed = get<T>("gelu.seed");
  const Var<T> at = tape.input(window(points)), bent = gelu(at);  // the form with tanh
  tape.backward(bent, window(point_seed));
  CHECK(farthest(bent.value(), reference().matrix("gelu.y")) < near<T>);
  CHECK(farthest(at.upstream(), reference().matrix("gelu.dx")) < near<T>);
  const Var<T> again = tape.input(window(points)), soft = silu(again);
  tape.backward(soft, window(point_seed));
  CHECK(farthest(soft.value(), reference().matrix("silu.y")) < near<T>);
  CHECK(farthest(again.upstream(), reference().matrix("silu.dx")) < near<T>);
}

TEMPLATE_TEST_CASE("op: attention agrees with PyTorch's multi-head attention", "", double, float) {
  using T = TestType;
  Tape<T> tape;
  Rng rng(1);
  const Matrix<T> x = get<T>("attention.x"), seed = get<T>("attention.seed");
  Attention<T> attend(8, 2, rng);
  attend.qkv.weight.value = get<T>("attention.in_proj_weight");
  attend.qkv.bias.value = get<T>("attention.in_proj_bias");
  attend.proj.weight.value = get<T>("attention.out_proj.weight");
  attend.proj.bias.value = get<T>("attention.out_proj.bias");
  const Var<T> in = tape.input(window(x), Shape(2, 3, 8)), y = attend(in);
  tape.backward(y, window(seed));
  CHECK(farthest(y.value(), reference().matrix("attention.y")) < near<T>);
  CHECK(farthest(in.upstream(), reference().matrix("attention.dx")) < near<T>);
  CHECK(farthest(gradient(tape, attend.qkv.weight), reference().matrix("attention.din_weight")) < near<T>);
  CHECK(farthest(gradient(tape, attend.qkv.bias), reference().matrix("attention.din_bias")) < near<T>);
  CHECK(farthest(gradient(tape, attend.proj.weight), reference().matrix("attention.dout_weight")) < near<T>);
  CHECK(farthest(gradient(tape, attend.proj.bias), reference().matrix("attention.dout_bias")) < near<T>);

  const Matrix<T> q = get<T>("cross.q"), kv = get<T>("cross.kv"), cross_seed = get<T>("cross.seed");
  const Var<T> asks = tape.input(window(q), Shape(2, 3, 8)), told = tape.input(window(kv), Shape(2, 2, 16));
  const Var<T> answer = cross_attention(asks, told, 2);
  tape.backward(answer, window(cross_seed));
  CHECK(farthest(answer.value(), reference().matrix("cross.y")) < near<T>);
  CHECK(farthest(asks.upstream(), reference().matrix("cross.dq")) < near<T>);
  CHECK(farthest(told.upstream(), reference().matrix("cross.dkv")) < near<T>);
}

TEMPLATE_TEST_CASE("op: embedding and the normal KL agree with PyTorch", "", double, float) {
  using T = TestType;
  Tape<T> tape;
  const Matrix<T> table = get<T>("embedding.table"), seed = get<T>("embedding.seed");
  const std::vector<int> code{2, 0, 2, 4};
  const Var<T> rows = tape.input(window(table)), y = embedding(rows, std::span<const int>(code));
  tape.backward(y, window(seed));
  CHECK(farthest(y.value(), reference().matrix("embedding.y")) < near<T>);
  CHECK(farthest(rows.upstream(), reference().matrix("embedding.dtable")) < near<T>);

  const Matrix<T> mean = get<T>("kl.mean"), log_variance = get<T>("kl.log_variance");
  const Var<T> m = tape.input(window(mean)), lv = tape.input(window(log_variance)), kl = kl_standard_normal(m, lv);
  tape.backward(kl);
  CHECK(farthest(kl.value(), reference().matrix("kl.y")) < near<T>);
  CHECK(farthest(m.upstream(), reference().matrix("kl.dmean")) < near<T>);
  CHECK(farthest(lv.upstream(), reference().matrix("kl.dlog_variance")) < near<T>);
}

TEMPLATE_TEST_CASE("op: count likelihoods and links agree with scvi-tools and torch.distributions", "", double, float) {
  using T = TestType;
  const double close = std::is_same_v<T, double> ? 2e-7 : 1e-5;  // scvi-tools adds 1e-8 within its logarithms
  const Counts counts = reference().counts("counts");
  const Matrix<T> eta = get<T>("eta"), log_theta = get<T>("log_theta"), logit_pi = get<T>("logit_pi");
  const Matrix<T> self = Matrix<T>::Identity(3, 3), none = Matrix<T>::Zero(1, 5);
  const std::vector<float> library{16, 43, 5};
  const std::vector<T> weight{T(0.5), T(1), T(0.25)};
  const CountTargets<T> targets{counts.view(), library, weight, 16};
  struct Case {
    std::string name;
    Family family;
    LibraryLink link = LibraryLink::softmax;
  };
  std::vector<Case> cases{{"gaussian", Family::gaussian}, {"bernoulli", Family::bernoulli}};
  for (const LibraryLink link : {LibraryLink::softmax, LibraryLink::exp}) {
    const std::string end = link == LibraryLink::exp ? ".exp" : ".softmax";
    cases.push_back({"poisson" + end, Family::poisson, link});
    cases.push_back({"nb" + end, Family::negative_binomial, link});
    cases.push_back({"zinb" + end, Family::zero_inflated_negative_binomial, link});
  }
  for (const Case& c : cases) {
    INFO(c.name);
    const bool inflated = c.family == Family::zero_inflated_negative_binomial;
    const auto agrees = [&](Var<T> loss, const std::vector<T>& log_prob, const auto& d_eta, const auto& d_theta,
                            const auto& d_pi) {
      CHECK(farthest(loss.value(), reference().matrix(c.name + ".y")) < close);
      CHECK(farthest(ConstView<T>(log_prob.data(), 3, 1), reference().matrix(c.name + ".log_prob")) < close);
      CHECK(farthest(d_eta(), reference().matrix(c.name + ".deta")) < close);
      if (has_dispersion(c.family)) CHECK(farthest(d_theta(), reference().matrix(c.name + ".dlog_theta")) < close);
      if (inflated) CHECK(farthest(d_pi(), reference().matrix(c.name + ".dlogit_pi")) < close);
    };
    std::vector<T> log_prob(3);
    Tape<T> tape;
    {
      CountPredictors<T> p{.eta = tape.input(window(eta)), .log_theta = {}, .logit_pi = {}};
      if (has_dispersion(c.family)) p.log_theta = tape.input(window(log_theta));
      if (inflated) p.logit_pi = tape.input(window(logit_pi));
      const Var<T> loss = count_loss(c.family, c.link, p, targets, log_prob.data());
      tape.backward(loss);
      agrees(
          loss, log_prob, [&] { return Matrix<T>(p.eta.upstream()); },
          [&] { return Matrix<T>(p.log_theta.upstream()); }, [&] { return Matrix<T>(p.logit_pi.upstream()); });
    }
    // The fused decoder: with one hidden unit a cell the weights of a head are its predictors, turned.
    tape.reset();
    const Matrix<T> turned[] = {eta.transpose(), log_theta.transpose(), logit_pi.transpose()};
    const Var<T> hidden = tape.input(window(self));
    const auto head = [&](int i) {
      return typename DecoderHeads<T>::Layer{tape.input(window(turned[i])), tape.constant(window(none))};
    };
    DecoderHeads<T> heads;
    heads.mean = head(0);
    if (has_dispersion(c.family)) heads.dispersion = head(1);
    if (inflated) heads.inflation = head(2);
    const Var<T> loss = count_decoder(c.family, c.link, hidden, heads, targets, log_prob.data());
    tape.backward(loss);
    const auto back = [](const Var<T>& v) { return Matrix<T>(v.upstream().transpose()); };
    agrees(
        loss, log_prob, [&] { return back(heads.mean.weight); }, [&] { return back(heads.dispersion.weight); },
        [&] { return back(heads.inflation.weight); });
  }
}
