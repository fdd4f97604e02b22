#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>
#include <latentcell/kernel/dot.hpp>
#include <latentcell/kernel/parallel.hpp>

namespace LATENTCELL_NAMESPACE {

/// What sinkhorn does when the iterations end before the marginals agree.
enum class NotConverged { give_best, raise };

/// Settings of sinkhorn.
struct SinkhornOptions {
  double epsilon = 0.05;     ///< entropy weight, in units of the mean cost; larger is smoother and quicker
  double tolerance = 1e-6;   ///< largest sum of absolute errors of the row sums at which the plan counts as converged
  Index iterations = 10000;  ///< updates of rows and columns at most
  NotConverged not_converged = NotConverged::give_best;  ///< raise: throw std::runtime_error instead

  static void visit(auto& self, auto&& f) {
    f("epsilon", self.epsilon, above(0));
    f("tolerance", self.tolerance, above(0));
    f("iterations", self.iterations, at_least(1));
    f("not_converged", self.not_converged);
  }
};

/// A coupling of two weighted sets.
struct TransportPlan {
  Matrix<double> plan;     ///< (N, M), entries >= 0; columns sum to their weights, rows up to `error`
  double cost = 0;         ///< sum of plan * cost, without the entropy
  double error = 0;        ///< sum over rows of |row sum - weight|
  Index iterations = 0;    ///< updates made
  bool converged = false;  ///< error <= tolerance
};

namespace detail {

class SinkhornSolver {
 public:
  SinkhornSolver(ConstView<float> cost, std::vector<double> rows, std::vector<double> cols, double epsilon)
      : cost_(cost),
        rows_(std::move(rows)),
        cols_(std::move(cols)),
        epsilon_(epsilon),
        n_(cost.rows()),
        m_(cost.cols()),
        kernel_(n_, m_),
        f_(to_size(n_), 0.0),
        g_(to_size(m_), 0.0) {}

  TransportPlan solve(const SinkhornOptions& options) {
    TransportPlan out;
    // From coarse to fine: potentials of a smoother problem are a start from which a small epsilon takes few updates.
    const double target = epsilon_;
    const Index half = options.iterations / 2;
    for (epsilon_ *= std::max(1.0, coarse / options.epsilon); epsilon_ > target && out.iterations < half;) {
      iterate(std::max(0.01, options.tolerance), std::min<Index>(half, out.iterations + 200), out);
      absorb();
      epsilon_ = std::max(target, 0.5 * epsilon_);
    }
    epsilon_ = target;
    iterate(options.tolerance, options.iterations, out);
    out.plan = std::move(kernel_);
    kernel::parallel_ranges(n_, 4 * grain(m_), [&](Index first, Index last) {
      for (Index i = first; i < last; ++i) {
        for (Index j = 0; j < m_; ++j) out.plan(i, j) *= u_[to_size(i)] * v_[to_size(j)];
      }
    });
    for (Index k = 0; k < out.plan.size(); ++k) out.cost += out.plan.data()[k] * double(cost_.data()[k]);
    return out;
  }

 private:
  // Rows or columns that make a second thread worth waking when each number takes an exponential.
  static Index grain(Index numbers) { return kernel::grain_of(8 * numbers); }

  static constexpr double least = 1e-250, largest = 1e60;
  static constexpr double coarse = 0.05;  // the first epsilon, in units of the mean cost

  // Updates until the row sums agree or `last` updates have been made in all.
  void iterate(double tolerance, Index last, TransportPlan& out) {
    update_in_logs();
    std::vector<double> sums(to_size(std::max(n_, m_)));
    for (;;) {
      ++out.iterations;
      // Row sums of the plan whose columns are exact.
      multiply_rows(sums);
      out.error = 0;
      bool sound = true;
      for (std::size_t i = 0; i < u_.size(); ++i) {
        out.error += std::abs(u_[i] * sums[i] - rows_[i]);
        sound = sound && sums[i] > least;
      }
      out.converged = out.error <= tolerance;
      if (out.converged || out.iterations >= last) return;
      if (sound) {
        double reach = 1.0;
        for (std::size_t i = 0; i < u_.size(); ++i) {
          u_[i] = rows_[i] / sums[i];
          reach = std::max({reach, u_[i], 1.0 / u_[i]});
        }
        multiply_cols(sums);
        for (std::size_t j = 0; j < v_.size(); ++j) {
          sound = sound && sums[j] > least;
          if (sums[j] > least) v_[j] = cols_[j] / sums[j];
          reach = std::max({reach, v_[j], 1.0 / v_[j]});
        }
        if (sound && reach < largest) continue;
      }
      // Scalings that grow too far go into the potentials; a step in logarithms also mends sums that underflowed.
      absorb();
      update_in_logs();
    }
  }

  void absorb() {
    for (std::size_t i = 0; i < f_.size(); ++i) f_[i] += epsilon_ * std::log(u_[i]);
    for (std::size_t j = 0; j < g_.size(); ++j) g_[j] += epsilon_ * std::log(v_[j]);
  }

  // f, then g, from sums of exponentials taken relative to their largest term; u = v = 1 and the kernel made anew.
  void update_in_logs() {
    kernel::parallel_ranges(n_, grain(m_), [&](Index first, Index last) {
      for (Index i = first; i < last; ++i) {
        const float* c = cost_.data() + i * m_;
        double top = -std::numeric_limits<double>::infinity(), sum = 0;
        for (Index j = 0; j < m_; ++j) top = std::max(top, g_[to_size(j)] - double(c[j]));
        for (Index j = 0; j < m_; ++j) sum += std::exp((g_[to_size(j)] - double(c[j]) - top) / epsilon_);
        f_[to_size(i)] = epsilon_ * (std::log(rows_[to_size(i)]) - std::log(sum)) - top;
      }
    });
    kernel::parallel_ranges(m_, grain(n_), [&](Index first, Index last) {
      std::vector<double> top(to_size(last - first), -std::numeric_limits<double>::infinity());
      std::vector<double> sum(to_size(last - first), 0.0);
      for (Index i = 0; i < n_; ++i) {
        const float* c = cost_.data() + i * m_ + first;
        for (std::size_t j = 0; j < top.size(); ++j) top[j] = std::max(top[j], f_[to_size(i)] - double(c[j]));
      }
      for (Index i = 0; i < n_; ++i) {
        const float* c = cost_.data() + i * m_ + first;
        for (std::size_t j = 0; j < top.size(); ++j) {
          sum[j] += std::exp((f_[to_size(i)] - double(c[j]) - top[j]) / epsilon_);
        }
      }
      for (std::size_t j = 0; j < top.size(); ++j) {
        const std::size_t column = to_size(first) + j;
        g_[column] = epsilon_ * (std::log(cols_[column]) - std::log(sum[j])) - top[j];
      }
    });
    kernel::parallel_ranges(n_, grain(m_), [&](Index first, Index last) {
      for (Index i = first; i < last; ++i) {
        for (Index j = 0; j < m_; ++j) {
          kernel_(i, j) = std::exp((f_[to_size(i)] + g_[to_size(j)] - double(cost_(i, j))) / epsilon_);
        }
      }
    });
    u_.assign(to_size(n_), 1.0);
    v_.assign(to_size(m_), 1.0);
  }

  void multiply_rows(std::vector<double>& sums) const {
    kernel::parallel_ranges(n_, 4 * grain(m_), [&](Index first, Index last) {
      for (Index i = first; i < last; ++i) {
        sums[to_size(i)] = kernel::dot(m_, kernel_.data() + i * m_, v_.data());
      }
    });
  }

  void multiply_cols(std::vector<double>& sums) const {
    kernel::parallel_ranges(m_, 4 * grain(n_), [&](Index first, Index last) {
      for (Index j = first; j < last; ++j) sums[to_size(j)] = 0;
      for (Index i = 0; i < n_; ++i) {
        kernel::add_multiple(last - first, u_[to_size(i)], kernel_.data() + i * m_ + first, sums.data() + first);
      }
    });
  }

  ConstView<float> cost_;
  std::vector<double> rows_, cols_;
  double epsilon_;
  Index n_, m_;
  Matrix<double> kernel_;      // exp((f + g - cost) / epsilon)
  std::vector<double> f_, g_;  // potentials
  std::vector<double> u_, v_;  // what the iterations since the last step in logarithms added to them
};

inline std::vector<double> transport_weights(std::span<const double> given, Index n, const char* side) {
  if (given.empty()) return std::vector<double>(to_size(n), 1.0 / double(n));
  LATENTCELL_REQUIRE(Index(given.size()) == n, "sinkhorn: ", given.size(), " weights for ", n, " ", side);
  double total = 0;
  for (double w : given) {
    LATENTCELL_REQUIRE(w > 0.0 && std::isfinite(w), "sinkhorn: weights of ", side, " must be positive, got ", w);
    total += w;
  }
  std::vector<double> out(given.begin(), given.end());
  for (double& w : out) w /= total;
  return out;
}

}  // namespace detail

/// Finds the coupling of two weighted sets of least cost minus entropy.
/// cost (N, M), finite; row_weights (N) and col_weights (M), positive, scaled to sum to 1, or empty for equal weights
/// Minimises <plan, cost> - epsilon * mean(|cost|) * entropy(plan) (Cuturi 2013) by matrix scaling that falls back to
/// logarithms whenever a scaling leaves its range and by way of coarser epsilons (Schmitzer 2019): small ones are
/// sound. Throws std::runtime_error where the options ask for it and the tolerance is not met.
inline TransportPlan sinkhorn(ConstView<float> cost, std::span<const double> row_weights,
                              std::span<const double> col_weights, const SinkhornOptions& options = {}) {
  LATENTCELL_REQUIRE(cost.rows() > 0 && cost.cols() > 0, "sinkhorn: needs a cost, got (", cost.rows(), ", ",
                     cost.cols(), ")");
  check_options("sinkhorn", options);
  double mean = 0;
  for (Index k = 0; k < cost.size(); ++k) mean += std::abs(double(cost.data()[k])) / double(cost.size());
  LATENTCELL_REQUIRE(std::isfinite(mean), "sinkhorn: cost has entries that are not finite");
  detail::SinkhornSolver solver(cost, detail::transport_weights(row_weights, cost.rows(), "rows"),
                                detail::transport_weights(col_weights, cost.cols(), "columns"),
                                options.epsilon * (mean > 0.0 ? mean : 1.0));
  TransportPlan out = solver.solve(options);
  if (!out.converged && options.not_converged == NotConverged::raise) {
    throw_runtime("sinkhorn: row sums are off by ", out.error, " in total after ", out.iterations,
                  " iterations, more than the tolerance ", options.tolerance);
  }
  return out;
}

/// The same with equal weights on both sides.
inline TransportPlan sinkhorn(ConstView<float> cost, const SinkhornOptions& options = {}) {
  return sinkhorn(cost, {}, {}, options);
}

}  // namespace latentcell
