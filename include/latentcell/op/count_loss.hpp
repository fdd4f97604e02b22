#pragma once

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/kernel/count_loss.hpp>
#include <latentcell/kernel/rows.hpp>

namespace latentcell {

/// Linear predictors of a count likelihood. Parts that the family has no use for stay empty.
template <class T>
struct CountPredictors {
  Var<T> eta;        // (B, G) of the mean
  Var<T> log_theta;  // (1, G) or (B, G): log dispersion, or log sigma of a Gaussian
  Var<T> logit_pi;   // (B, G): zero inflation
};

/// -sum over the cells of weight * log p(counts).    -> (1, 1); `log_prob` (B), where given, gets each cell's value.
/// The gradients leave the forward pass ready and backward() only scales them; a second backward() works them out anew.
template <class T>
Var<T> count_loss(Family family, LibraryLink link, const CountPredictors<T>& p, const CountTargets<T>& x,
                  T* log_prob = nullptr) {
  const Shape shape(x.counts.rows, x.counts.cols);
  LATENTCELL_REQUIRE(p.eta.shape() == shape, "count_loss: predictor ", p.eta.shape(), " for counts ", shape);
  LATENTCELL_REQUIRE(Index(x.library.size()) == shape.rows() && Index(x.weight.size()) == shape.rows(),
                     "count_loss: ", x.library.size(), " library sizes and ", x.weight.size(), " weights for ",
                     shape.rows(), " cells");
  LATENTCELL_REQUIRE(p.log_theta.empty() != has_dispersion(family),
                     "count_loss: every family but Poisson and Bernoulli needs log_theta, and Poisson has none");
  LATENTCELL_REQUIRE(p.logit_pi.empty() == (family != Family::zero_inflated_negative_binomial),
                     "count_loss: logit_pi belongs to the zero-inflated family alone");
  Tape<T>& tape = p.eta.tape();
  kernel::CountLossArguments<T> a{.family = family, .link = link, .targets = x};
  a.eta = p.eta.value().data();
  a.log_prob = log_prob;
  Var<T> y;
  if (p.log_theta.empty()) {
    y = tape.alloc(Shape(1, 1), p.eta);
  } else {
    LATENTCELL_REQUIRE(p.log_theta.cols() == shape.cols() && (p.log_theta.rows() == 1 || p.log_theta.shape() == shape),
                       "count_loss: log_theta ", p.log_theta.shape(), " for counts ", shape);
    a.log_theta = p.log_theta.value().data();
    a.theta_per_cell = p.log_theta.rows() == shape.rows() && shape.rows() != 1;
    if (p.logit_pi.empty()) {
      y = tape.alloc(Shape(1, 1), p.eta, p.log_theta);
    } else {
      LATENTCELL_REQUIRE(p.logit_pi.shape() == shape, "count_loss: logit_pi ", p.logit_pi.shape(), " for counts ",
                         shape);
      a.logit_pi = p.logit_pi.value().data();
      y = tape.alloc(Shape(1, 1), p.eta, p.log_theta, p.logit_pi);
    }
  }
  if (y.needs_grad()) {
    a.d_eta = tape.scratch(shape.size());
    if (!p.log_theta.empty()) a.d_log_theta = tape.scratch(p.log_theta.shape().size());
    if (!p.logit_pi.empty()) a.d_logit_pi = tape.scratch(shape.size());
  }
  T* scratch = tape.scratch(kernel::count_loss_scratch(shape.cols()));
  y.out()(0, 0) = kernel::count_loss<T>(a, scratch);
  bool* handed = tape.template scratch_of<bool>(1);
  *handed = false;
  a.log_prob = nullptr;
  tape.on_backward(y, [p, y, a, scratch, handed]() mutable {
    Tape<T>& own = y.tape();
    if (*handed) {  // the first backward() gave the memory away
      const Shape cells = p.eta.shape();
      a.d_eta = own.scratch(cells.size());
      if (a.d_log_theta != nullptr) a.d_log_theta = own.scratch(p.log_theta.shape().size());
      if (a.d_logit_pi != nullptr) a.d_logit_pi = own.scratch(cells.size());
      (void)kernel::count_loss<T>(a, scratch);
    }
    *handed = true;
    const T seed = y.upstream()(0, 0);
    const auto hand = [&](const Var<T>& to, T* g) {
      if (!to.needs_grad()) return;
      if (seed != T(1))
        kernel::each_element(
            to.shape().size(), [=](Index i) __attribute__((always_inline)) { g[i] *= seed; });
      own.hand_gradient(to, g);
    };
    hand(p.eta, a.d_eta);
    hand(p.log_theta, a.d_log_theta);
    hand(p.logit_pi, a.d_logit_pi);
  });
  return y;
}

#ifdef LATENTCELL_INSTANCES
extern template Var<float> count_loss<float>(Family family, LibraryLink link, const CountPredictors<float>& p,
                                             const CountTargets<float>& x, float* log_prob);
#endif

}  // namespace latentcell
