#pragma once

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/kernel/count_loss.hpp>
#include <latentcell/kernel/rows.hpp>

namespace LATENTCELL_NAMESPACE {

/// Linear predictors of a count likelihood. Parts that the family has no use for stay empty.
template <class T>
struct CountPredictors {
  Var<T> eta;        // (B, G) of the mean
  Var<T> log_theta;  // (1, G) or (B, G): log dispersion, or log sigma of a Gaussian
  Var<T> logit_pi;   // (B, G): zero inflation
};

namespace detail {

template <class T>
void check_count_loss(Family family, const CountPredictors<T>& p, const CountTargets<T>& x) {
  const Shape shape(x.counts.rows, x.counts.cols);
  LATENTCELL_REQUIRE(p.eta.shape() == shape, "count_loss: predictor ", p.eta.shape(), " for counts ", shape);
  LATENTCELL_REQUIRE(Index(x.library.size()) == shape.rows() && Index(x.weight.size()) == shape.rows(),
                     "count_loss: ", x.library.size(), " library sizes and ", x.weight.size(), " weights for ",
                     shape.rows(), " cells");
  LATENTCELL_REQUIRE(p.log_theta.empty() != has_dispersion(family),
                     "count_loss: every family but Poisson and Bernoulli needs log_theta, and Poisson has none");
  LATENTCELL_REQUIRE(p.logit_pi.empty() == (family != Family::zero_inflated_negative_binomial),
                     "count_loss: logit_pi belongs to the zero-inflated family alone");
  LATENTCELL_REQUIRE(p.log_theta.empty() || (p.log_theta.cols() == shape.cols() &&
                                             (p.log_theta.rows() == 1 || p.log_theta.shape() == shape)),
                     "count_loss: log_theta ", p.log_theta.shape(), " for counts ", shape);
  LATENTCELL_REQUIRE(p.logit_pi.empty() || p.logit_pi.shape() == shape, "count_loss: logit_pi ", p.logit_pi.shape(),
                     " for counts ", shape);
}

// Gives the kernel memory for the gradients.
template <class T>
void take_gradients(Tape<T>& tape, const CountPredictors<T>& p, kernel::CountLossArguments<T>& to) {
  to.d_eta = tape.scratch(p.eta.shape().size());
  if (!p.log_theta.empty()) to.d_log_theta = tape.scratch(p.log_theta.shape().size());
  if (!p.logit_pi.empty()) to.d_logit_pi = tape.scratch(p.eta.shape().size());
}

// Scales a gradient that is ready by what arrived, in place, and gives its memory to the tape.
template <class T>
void hand_gradient_scaled(const Var<T>& to, T* gradient, T seed) {
  if (!to.needs_grad()) return;
  if (seed != T(1))
    kernel::each_element(
        to.shape().size(), [=](Index i) __attribute__((always_inline)) { gradient[i] *= seed; });
  to.tape().hand_gradient(to, gradient);
}

}  // namespace detail

/// -sum over the cells of weight * log p(counts).
/// eta (B, G), log_theta (1, G) or (B, G), logit_pi (B, G) -> (1, 1)
/// `log_prob` (B), where given, gets each cell's value. Gradients are computed in the forward pass; backward() scales
/// them in place. A second backward() recomputes them.
template <class T>
Var<T> count_loss(Family family, LibraryLink link, const CountPredictors<T>& p, const CountTargets<T>& x,
                  T* log_prob = nullptr) {
  detail::check_count_loss(family, p, x);
  const Shape shape(x.counts.rows, x.counts.cols);
  Tape<T>& tape = p.eta.tape();
  kernel::CountLossArguments<T> a{.family = family, .link = link, .targets = x};
  a.eta = p.eta.value().data();
  a.log_prob = log_prob;
  if (!p.log_theta.empty()) {
    a.log_theta = p.log_theta.value().data();
    a.theta_per_cell = p.log_theta.rows() == shape.rows() && shape.rows() != 1;
  }
  if (!p.logit_pi.empty()) a.logit_pi = p.logit_pi.value().data();
  Var<T> y = tape.alloc(Shape(1, 1), p.eta, p.log_theta, p.logit_pi);
  if (y.needs_grad()) detail::take_gradients(tape, p, a);
  T* scratch = tape.scratch(kernel::count_loss_scratch(shape.cols()));
  y.out()(0, 0) = kernel::count_loss<T>(a, scratch);
  bool* const gave_memory = tape.template scratch_of<bool>(1);  // whether a backward() has used the gradients up
  *gave_memory = false;
  a.log_prob = nullptr;
  tape.on_backward(y, [p, y, a, scratch, gave_memory]() mutable {
    if (*gave_memory) {
      detail::take_gradients(y.tape(), p, a);
      (void)kernel::count_loss<T>(a, scratch);
    }
    *gave_memory = true;
    const T seed = y.upstream()(0, 0);
    detail::hand_gradient_scaled(p.eta, a.d_eta, seed);
    if (!p.log_theta.empty()) detail::hand_gradient_scaled(p.log_theta, a.d_log_theta, seed);
    if (!p.logit_pi.empty()) detail::hand_gradient_scaled(p.logit_pi, a.d_logit_pi, seed);
  });
  return y;
}

#ifdef LATENTCELL_INSTANCES
extern template Var<float> count_loss<float>(Family family, LibraryLink link, const CountPredictors<float>& p,
                                             const CountTargets<float>& x, float* log_prob);
#endif

}  // namespace latentcell
