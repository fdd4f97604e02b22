#pragma once

#include <latentcell/kernel/count_decoder.hpp>
#include <latentcell/kernel/rows.hpp>
#include <latentcell/op/csc.hpp>

namespace LATENTCELL_NAMESPACE {

/// Weights of the linear layers that end in the parameters of a count likelihood. Parts that the family has no use for
/// stay empty.
template <class T>
struct DecoderHeads {
  struct Layer {
    Var<T> weight;  // (G, H)
    Var<T> bias;    // (1, G)
  };
  Layer mean;          // linear predictor of the mean
  Layer dispersion;    // log dispersion (log sigma of a Gaussian) per cell and gene, kept within [-9, 14]
  Layer inflation;     // logit of the zero inflation
  Var<T> log_theta;    // (R, G) log dispersion (log sigma) per gene; R is 1 without theta_share
  Var<T> theta_share;  // (B, R) shares of the rows of log_theta in each cell's, no gradient; kept within [-9, 14]
};

namespace detail {

template <class T>
void check_count_decoder(Family family, const Var<T>& hidden, const DecoderHeads<T>& heads, const CountTargets<T>& x) {
  const Shape shape(x.counts.rows, x.counts.cols);
  LATENTCELL_REQUIRE(hidden.rows() == shape.rows(), "count_decoder: hidden ", hidden.shape(), " for counts ", shape);
  LATENTCELL_REQUIRE(Index(x.library.size()) == shape.rows() && Index(x.weight.size()) == shape.rows(),
                     "count_decoder: ", x.library.size(), " library sizes and ", x.weight.size(), " weights for ",
                     shape.rows(), " cells");
  LATENTCELL_REQUIRE(!heads.mean.weight.empty(), "count_decoder: needs a head for the mean");
  LATENTCELL_REQUIRE(has_dispersion(family) != (heads.dispersion.weight.empty() && heads.log_theta.empty()),
                     "count_decoder: every family but Poisson and Bernoulli needs a dispersion, and Poisson has none");
  LATENTCELL_REQUIRE(heads.dispersion.weight.empty() || heads.log_theta.empty(),
                     "count_decoder: dispersions are per gene or per cell and gene, not both");
  LATENTCELL_REQUIRE(heads.inflation.weight.empty() == (family != Family::zero_inflated_negative_binomial),
                     "count_decoder: the inflation head belongs to the zero-inflated family alone");
  const Index theta_rows = heads.theta_share.empty() ? 1 : heads.theta_share.cols();
  LATENTCELL_REQUIRE(heads.log_theta.empty() || heads.log_theta.shape() == Shape(theta_rows, shape.cols()),
                     "count_decoder: log_theta ", heads.log_theta.shape(), " of ", theta_rows, " rows for counts ",
                     shape);
  LATENTCELL_REQUIRE(
      heads.theta_share.empty() || (heads.theta_share.rows() == shape.rows() && !heads.log_theta.empty()),
      "count_decoder: theta_share needs log_theta and a row for each of ", shape.rows(), " cells");
  for (const auto* layer : {&heads.mean, &heads.dispersion, &heads.inflation}) {
    LATENTCELL_REQUIRE(layer->weight.empty() || (layer->weight.shape() == Shape(shape.cols(), hidden.cols()) &&
                                                 layer->bias.shape() == Shape(1, shape.cols())),
                       "count_decoder: head ", layer->weight.shape(), " with bias ", layer->bias.shape(),
                       " for hidden ", hidden.shape(), " and counts ", shape);
  }
}

template <class T>
bool has_gradient(const Var<T>& v) {
  return !v.empty() && v.needs_grad();
}

// What the kernel reads: the values of all heads.
template <class T>
kernel::CountDecoderArguments<T> decoder_arguments(const Var<T>& hidden, const DecoderHeads<T>& heads,
                                                   const CountTargets<T>& x) {
  const auto head = [](const typename DecoderHeads<T>::Layer& layer) -> kernel::DecoderHead<T> {
    if (layer.weight.empty()) return {};
    return {layer.weight.value().data(), layer.bias.value().data(), nullptr, nullptr};
  };
  kernel::CountDecoderArguments<T> a{};
  a.targets = x;
  a.counts = csc_counts(hidden.tape(), x.counts, x.counts.first_value());
  a.hidden = hidden.value().data();
  a.width = hidden.cols();
  a.mean = head(heads.mean);
  a.dispersion = head(heads.dispersion);
  a.inflation = head(heads.inflation);
  if (!heads.log_theta.empty()) a.log_theta = heads.log_theta.value().data();
  if (!heads.theta_share.empty()) a.theta_share = heads.theta_share.value().data();
  a.theta_rows = heads.theta_share.empty() ? 1 : heads.theta_share.cols();
  return a;
}

// Gives the kernel memory for the gradients that are asked for.
template <class T>
void take_gradients(Tape<T>& tape, const Var<T>& hidden, const DecoderHeads<T>& heads,
                    kernel::CountDecoderArguments<T>& to) {
  const auto take = [&](const Var<T>& v) { return tape.scratch(v.shape().size()); };
  const auto take_head = [&](const typename DecoderHeads<T>::Layer& layer, kernel::DecoderHead<T>& at) {
    if (!has_gradient(layer.weight) && !has_gradient(layer.bias)) return;
    at.d_weight = take(layer.weight);
    at.d_bias = take(layer.bias);
  };
  to.d_hidden = take(hidden);
  take_head(heads.mean, to.mean);
  take_head(heads.dispersion, to.dispersion);
  take_head(heads.inflation, to.inflation);
  if (has_gradient(heads.log_theta)) to.d_log_theta = take(heads.log_theta);
}

// Scales a gradient that is ready by what arrived, in place, and gives its memory to the tape.
template <class T>
void hand_scaled(const Var<T>& to, T* gradient, T seed) {
  if (!has_gradient(to)) return;
  if (seed != T(1))
    kernel::each_element(
        to.shape().size(), [=](Index i) __attribute__((always_inline)) { gradient[i] *= seed; });
  to.tape().hand_gradient(to, gradient);
}

}  // namespace detail

/// -sum over the cells of weight * log p(counts | heads(hidden)), without a (cells, genes) matrix on the tape: the same
/// numbers as count_loss over linear layers, in one pass over the weights (kernel/count_decoder.hpp).
/// hidden (B, H) -> (1, 1)
/// `log_prob` (B), where given, gets each cell's value. Gradients are computed in the forward pass; backward() scales
/// them in place. A second backward() recomputes them.
template <class T>
Var<T> count_decoder(Family family, LibraryLink link, Var<T> hidden, const DecoderHeads<T>& heads,
                     const CountTargets<T>& x, T* log_prob = nullptr) {
  detail::check_count_decoder(family, hidden, heads, x);
  Tape<T>& tape = hidden.tape();
  kernel::CountDecoderArguments<T> a = detail::decoder_arguments(hidden, heads, x);
  a.family = family;
  a.link = link;
  a.log_prob = log_prob;
  Var<T> y = tape.alloc(Shape(1, 1), hidden, heads.mean.weight, heads.mean.bias, heads.dispersion.weight,
                        heads.dispersion.bias, heads.inflation.weight, heads.inflation.bias, heads.log_theta);
  if (y.needs_grad()) detail::take_gradients(tape, hidden, heads, a);
  y.out()(0, 0) = kernel::count_decoder<T>(a, tape.workspace(kernel::count_decoder_scratch(a)).data());
  bool* const gave_memory = tape.template scratch_of<bool>(1);  // whether a backward() has used the gradients up
  *gave_memory = false;
  a.log_prob = nullptr;
  tape.on_backward(y, [=]() mutable {
    Tape<T>& own = y.tape();
    if (*gave_memory) {
      detail::take_gradients(own, hidden, heads, a);
      (void)kernel::count_decoder<T>(a, own.workspace(kernel::count_decoder_scratch(a)).data());
    }
    *gave_memory = true;
    const T seed = y.upstream()(0, 0);
    detail::hand_scaled(hidden, a.d_hidden, seed);
    detail::hand_scaled(heads.mean.weight, a.mean.d_weight, seed);
    detail::hand_scaled(heads.mean.bias, a.mean.d_bias, seed);
    detail::hand_scaled(heads.dispersion.weight, a.dispersion.d_weight, seed);
    detail::hand_scaled(heads.dispersion.bias, a.dispersion.d_bias, seed);
    detail::hand_scaled(heads.inflation.weight, a.inflation.d_weight, seed);
    detail::hand_scaled(heads.inflation.bias, a.inflation.d_bias, seed);
    detail::hand_scaled(heads.log_theta, a.d_log_theta, seed);
  });
  return y;
}

#ifdef LATENTCELL_INSTANCES
extern template Var<float> count_decoder<float>(Family family, LibraryLink link, Var<float> hidden,
                                                const DecoderHeads<float>& heads, const CountTargets<float>& x,
                                                float* log_prob);
#endif

}  // namespace latentcell
