#pragma once

#include <algorithm>
#include <cmath>
#include <utility>

#include <latentcell/core/options.hpp>
#include <latentcell/kernel/cholesky.hpp>
#include <latentcell/kernel/gemm.hpp>
#include <latentcell/kernel/jacobi_eigen.hpp>

namespace LATENTCELL_NAMESPACE::kernel {

/// x = mean + W z + noise, z standard normal, noise of its own variance in each feature. What a VAE with a linear
/// encoder and decoder and a variance a feature is at its optimum (Lucas et al., "Don't blame the ELBO!", 2019).
struct FactorAnalysis {
  RowVector<double> mean;   ///< (D)
  Matrix<double> loadings;  ///< W (D, K)
  RowVector<double> noise;  ///< (D) variances
};

struct FactorAnalysisOptions {
  Index factors = 10;       ///< K; larger fits more of what features share
  Index most_steps = 500;   ///< of EM
  double tolerance = 1e-5;  ///< largest change of a noise variance in a step, relative to its feature's, that ends it

  static void visit(auto& self, auto&& f) {
    f("factors", self.factors, at_least(1));
    f("most_steps", self.most_steps, at_least(1));
    f("tolerance", self.tolerance, at_least(0));
  }
};

namespace detail {

inline Matrix<double> times(const Matrix<double>& a, const Matrix<double>& b) {
  Matrix<double> out(a.rows(), b.cols());
  gemm_nn<double>(view(a), view(b), view(out), {false});
  return out;
}

// W_i / noise_i, and the covariance (I + W^T noise^-1 W)^-1 of the factors that these features leave.
struct FactorPosterior {
  Matrix<double> scaled, covariance;

  FactorPosterior(const Matrix<double>& w, const RowVector<double>& noise)
      : scaled(w), covariance(Matrix<double>::Identity(w.cols(), w.cols())) {
    for (Index i = 0; i < w.rows(); ++i) scaled.row(i) /= noise(i);
    Matrix<double> precision = covariance;
    const Matrix<double> turned = w.transpose();
    precision += times(turned, scaled);
    cholesky_solve(precision, covariance);
  }
};

}  // namespace detail

/// Maximum likelihood by EM (Rubin and Thayer 1982) from the principal components.      x (N, D), K < D
inline FactorAnalysis fit_factor_analysis(const Matrix<double>& x, const FactorAnalysisOptions& o = {}) {
  check_options("fit_factor_analysis", o);
  const Index n = x.rows(), d = x.cols(), k = o.factors;
  LATENTCELL_REQUIRE(n >= 2 && k >= 1 && k < d, "fit_factor_analysis: x (", n, ", ", d, ") and ", k,
                     " factors; needs two rows or more and fewer factors than columns");
  FactorAnalysis out;
  out.mean = x.colwise().mean();
  Matrix<double> centred = x;
  centred.rowwise() -= out.mean;
  Matrix<double> s(d, d);
  gemm_tn<double>(view(centred), view(centred), view(s), {false});
  s /= double(n);
  const double least = 1e-9 * std::max(s.diagonal().maxCoeff(), 1e-300);  // off zero, for features that do not vary

  const EigenPairs pairs = jacobi_eigen(s);
  double rest = 0;
  for (Index j = k; j < d; ++j) rest += std::max(0.0, pairs.values[to_size(j)]) / double(d - k);
  out.loadings.resize(d, k);
  for (Index j = 0; j < k; ++j) {
    const double size = std::sqrt(std::max(pairs.values[to_size(j)] - rest, least));
    for (Index i = 0; i < d; ++i) out.loadings(i, j) = size * pairs.vectors(j, i);
  }
  out.noise.resize(d);
  for (Index i = 0; i < d; ++i)
    out.noise(i) = std::max(s(i, i) - out.loadings.row(i).squaredNorm(), least + 1e-3 * s(i, i));

  for (Index step = 0; step < o.most_steps; ++step) {
    const detail::FactorPosterior post(out.loadings, out.noise);
    const Matrix<double> scaled = post.scaled.transpose();
    const Matrix<double> beta = detail::times(post.covariance, scaled);  // factors from features
    Matrix<double> shared = detail::times(beta, s);                      // (K, D) covariance of factors and features
    Matrix<double> squares = post.covariance;                            // mean of z z^T
    const Matrix<double> turned = beta.transpose();
    squares += detail::times(shared, turned);
    Matrix<double> w = shared;
    cholesky_solve(squares, w);
    out.loadings = w.transpose();
    double change = 0;
    for (Index i = 0; i < d; ++i) {
      const double now = std::max(s(i, i) - out.loadings.row(i).dot(shared.col(i).transpose()), least + 1e-6 * s(i, i));
      change = std::max(change, std::abs(now - out.noise(i)) / (s(i, i) + least));
      out.noise(i) = now;
    }
    if (change < o.tolerance) break;
  }
  return out;
}

/// What the first features of a row say of the others: the mean of x[d ...) given x[0, d).      x (M, d) -> (M, D - d)
inline Matrix<double> conditional_mean(const FactorAnalysis& model, const Matrix<double>& x) {
  const Index d = x.cols(), all = model.mean.size();
  LATENTCELL_REQUIRE(d >= 1 && d < all, "conditional_mean: ", d, " features are given of ", all,
                     "; needs one or more and not all");
  const Matrix<double> observed = model.loadings.topRows(d), others = model.loadings.bottomRows(all - d).transpose();
  const detail::FactorPosterior post(observed, model.noise.head(d));
  Matrix<double> centred = x;
  centred.rowwise() -= model.mean.head(d);
  const Matrix<double> factors = detail::times(detail::times(centred, post.scaled), post.covariance);
  Matrix<double> out = detail::times(factors, others);
  out.rowwise() += model.mean.tail(all - d);
  return out;
}

}  // namespace latentcell::kernel
