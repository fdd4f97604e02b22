#pragma once

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/rng.hpp>
#include <latentcell/kernel/centred_rows.hpp>
#include <latentcell/kernel/dot.hpp>
#include <latentcell/kernel/jacobi_eigen.hpp>
#include <latentcell/kernel/parallel.hpp>

namespace LATENTCELL_NAMESPACE::kernel {

/// Principal components of a point set.
template <class T>
struct Pca {
  RowVector<T> mean;             ///< (1, G)
  Matrix<T> components;          ///< (k, G), orthonormal rows; the largest entry by size of each is positive
  std::vector<double> variance;  ///< (k), variance along each component (divisor N - 1), descending
};

/// Settings of fit_pca.
struct PcaOptions {
  Index components = 30;    ///< k, at most 100 is what it is made for
  Index oversampling = 10;  ///< extra directions beyond k. Larger: fewer rounds, each more expensive
  Index rounds = 30;        ///< restarts at most; the answer is then the best found
  double tolerance = 1e-4;  ///< relative residual at which a component counts as found; smaller is more exact

  static void visit(auto& self, auto&& f) {
    f("components", self.components, at_least(1));
    f("oversampling", self.oversampling, at_least(0));
    f("rounds", self.rounds, at_least(1));
    f("tolerance", self.tolerance, above(0));
  }
};

namespace detail {

inline constexpr Index pca_steps = 5;   // blocks added between two restarts
inline constexpr Index pca_tile = 256;  // numbers of each direction in one pass: a block of them fits the first cache

// h[i, j] = v_i . w_j over the first `count` rows of v.      v (>= count, G), w (b, G)
inline Matrix<double> row_products(const Matrix<double>& v, Index count, const Matrix<double>& w) {
  const Index d = v.cols(), b = w.rows();
  Matrix<double> h = Matrix<double>::Zero(count, b);
  parallel_ranges(count, 16, [&](Index first, Index last) {
    for (Index begin = 0; begin < d; begin += pca_tile) {
      const Index n = std::min(pca_tile, d - begin);
      for (Index i = first; i < last; ++i) {
        const double* a = v.data() + i * d + begin;
        const double* x = w.data() + begin;
        Index j = 0;
        for (; j + 4 <= b; j += 4, x += 4 * d) {
          double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
#pragma omp simd reduction(+ : s0, s1, s2, s3)
          for (Index g = 0; g < n; ++g) {
            s0 += a[g] * x[g];
            s1 += a[g] * x[d + g];
            s2 += a[g] * x[2 * d + g];
            s3 += a[g] * x[3 * d + g];
          }
          h(i, j) += s0;
          h(i, j + 1) += s1;
          h(i, j + 2) += s2;
          h(i, j + 3) += s3;
        }
        for (; j < b; ++j, x += d) h(i, j) += dot(n, a, x);
      }
    }
  });
  return h;
}

// w_j += factor * sum over i of h[i, j] v_i.
inline void add_rows(const Matrix<double>& v, const Matrix<double>& h, double factor, Matrix<double>& w) {
  const Index d = v.cols();
  parallel_ranges(d, 1024, [&](Index first, Index last) {
    for (Index begin = first; begin < last; begin += pca_tile) {
      const Index n = std::min(pca_tile, last - begin);
      for (Index j = 0; j < h.cols(); ++j) {
        double* to = w.data() + j * d + begin;
        const double* x = v.data() + begin;
        Index i = 0;
        for (; i + 4 <= h.rows(); i += 4, x += 4 * d) {
          const double c0 = factor * h(i, j), c1 = factor * h(i + 1, j), c2 = factor * h(i + 2, j),
                       c3 = factor * h(i + 3, j);
#pragma omp simd
          for (Index g = 0; g < n; ++g) {
            to[g] += (c0 * x[g] + c1 * x[d + g]) + (c2 * x[2 * d + g] + c3 * x[3 * d + g]);
          }
        }
        for (; i < h.rows(); ++i, x += d) add_multiple(n, factor * h(i, j), x, to);
      }
    }
  });
}

inline double row_dot(const Matrix<double>& a, Index i, const Matrix<double>& b, Index j) {
  return dot(a.cols(), a.data() + i * a.cols(), b.data() + j * b.cols());
}

// row j of b -= c * row i of a
inline void take_off(const Matrix<double>& a, Index i, double c, Matrix<double>& b, Index j) {
  add_multiple(a.cols(), -c, a.data() + i * a.cols(), b.data() + j * b.cols());
}

// Gram-Schmidt within a block whose rows are already orthogonal to the first `count` rows of v: w_j = sum r[i, j] q_i,
// and q takes the place of w. A row that vanishes gets a random direction and r[j, j] = 0.
inline Matrix<double> orthonormalise(const Matrix<double>& v, Index count, double scale, Matrix<double>& w, Rng& rng) {
  const Index b = w.rows(), d = w.cols();
  Matrix<double> r = Matrix<double>::Zero(b, b);
  const auto clean = [&](Index j, double* coefficient) {
    for (Index i = 0; i < j; ++i) {
      const double c = row_dot(w, i, w, j);
      if (coefficient != nullptr) coefficient[i * b] += c;
      take_off(w, i, c, w, j);
    }
  };
  for (Index j = 0; j < b; ++j) {
    clean(j, r.data() + j);
    clean(j, r.data() + j);
    double length = std::sqrt(row_dot(w, j, w, j));
    if (length > 1e-12 * scale) {
      r(j, j) = length;
    } else {
      for (Index g = 0; g < d; ++g) w(j, g) = rng.normal();
      for (int pass = 0; pass < 2; ++pass) {
        for (Index i = 0; i < count; ++i) take_off(v, i, row_dot(v, i, w, j), w, j);
        clean(j, nullptr);
      }
      length = std::sqrt(row_dot(w, j, w, j));
    }
    for (Index g = 0; g < d; ++g) w(j, g) /= length;
  }
  return r;
}

template <class T, class Rows>
Pca<T> fit_pca(const Rows& x, const PcaOptions& options, Rng& rng) {
  const Index k = options.components, genes = x.cols();
  LATENTCELL_REQUIRE(x.rows() >= 2, "fit_pca: needs at least two rows, got ", x.rows());
  LATENTCELL_REQUIRE(k >= 1 && k <= std::min(x.rows(), genes), "fit_pca: ", k, " components of a matrix with ",
                     x.rows(), " rows and ", genes, " columns");
  check_options("fit_pca", options);
  const RowVector<double> mean = column_means(x);
  for (Index g = 0; g < genes; ++g) {
    LATENTCELL_REQUIRE(std::isfinite(mean[g]), "fit_pca: column ", g, " has values that are not finite");
  }
  const Index width = std::min(genes, k + options.oversampling);
  const Index room = std::min(genes, width + pca_steps * covariance_lanes);
  Matrix<double> basis(room, genes), small = Matrix<double>::Zero(room, room);
  Matrix<double> packed(genes, covariance_lanes), y(x.rows(), covariance_lanes), z(genes, covariance_lanes);
  Matrix<double> block(std::min(room, covariance_lanes), genes);
  Rng directions = rng.fork();
  for (Index i = 0; i < block.size(); ++i) block.data()[i] = directions.normal();
  orthonormalise(basis, 0, 1.0, block, directions);

  EigenPairs found;
  Index size = 0;
  for (Index round = 0;;) {
    const Index b = block.rows(), old = size;
    packed.setZero();
    for (Index j = 0; j < b; ++j) {
      basis.row(old + j) = block.row(j);
      for (Index g = 0; g < genes; ++g) packed(g, j) = block(j, g);
    }
    multiply_covariance(x, mean, packed, y, z);
    for (Index j = 0; j < b; ++j) {
      for (Index g = 0; g < genes; ++g) block(j, g) = z(g, j);
    }
    size += b;
    double scale = 0;
    for (Index j = 0; j < b; ++j) scale = std::max(scale, std::sqrt(row_dot(block, j, block, j)));
    for (int pass = 0; pass < 2; ++pass) {
      const Matrix<double> h = row_products(basis, size, block);
      add_rows(basis, h, -1.0, block);
      for (Index i = 0; i < size; ++i) {
        for (Index j = 0; j < b; ++j) small(i, old + j) = (pass == 0 ? 0.0 : small(i, old + j)) + h(i, j);
      }
    }
    for (Index i = 0; i < size; ++i) {
      for (Index j = 0; j < b; ++j) small(old + j, i) = small(i, old + j);
    }
    const bool whole = size == genes;  // the basis spans everything: nothing is left over
    Matrix<double> rest = Matrix<double>::Zero(b, b);
    if (!whole) rest = orthonormalise(basis, size, scale, block, directions);
    if (room == genes && size < room) {
      if (room - size < b) block.conservativeResize(room - size, genes);
      continue;
    }
    if (room != genes && size + covariance_lanes <= room) continue;

    Matrix<double> projected(size, size);
    for (Index i = 0; i < size; ++i) {
      for (Index j = 0; j < size; ++j) projected(i, j) = 0.5 * (small(i, j) + small(j, i));
    }
    found = jacobi_eigen(std::move(projected));
    bool done = whole || ++round == options.rounds;
    if (!done) {
      done = true;
      for (Index c = 0; c < k && done; ++c) {
        double residual = 0;
        for (Index i = 0; i < b; ++i) {
          double sum = 0;
          for (Index j = i; j < b; ++j) sum += rest(i, j) * found.vectors(c, old + j);
          residual += sum * sum;
        }
        done = std::sqrt(residual) <= options.tolerance * std::max(found.values[to_size(c)], 1e-9 * found.values[0]);
      }
    }
    // Thick restart (Wu and Simon 2000): go on with the best directions and the block that is orthogonal to them.
    const Index kept = done ? k : width;
    Matrix<double> turn(size, kept), best = Matrix<double>::Zero(kept, genes);
    for (Index i = 0; i < size; ++i) {
      for (Index c = 0; c < kept; ++c) turn(i, c) = found.vectors(c, i);
    }
    add_rows(basis, turn, 1.0, best);
    basis.topRows(kept) = best;
    if (done) break;
    small.setZero();
    for (Index c = 0; c < kept; ++c) small(c, c) = found.values[to_size(c)];
    size = kept;
  }

  Pca<T> out;
  out.mean = mean.template cast<T>();
  out.components.resize(k, genes);
  for (Index c = 0; c < k; ++c) {
    Index top = 0;
    for (Index g = 1; g < genes; ++g) {
      if (std::abs(basis(c, g)) > std::abs(basis(c, top))) top = g;
    }
    const double sign = basis(c, top) < 0.0 ? -1.0 : 1.0;
    for (Index g = 0; g < genes; ++g) out.components(c, g) = T(sign * basis(c, g));
    out.variance.push_back(std::max(0.0, found.values[to_size(c)]) / double(x.rows() - 1));
  }
  return out;
}

template <class T, class Rows>
Matrix<T> project(const Pca<T>& pca, const Rows& x) {
  const Index k = pca.components.rows(), genes = pca.components.cols();
  LATENTCELL_REQUIRE(x.cols() == genes, "project: the matrix has ", x.cols(), " columns but the components have ",
                     genes);
  Matrix<double> directions(genes, k);
  std::vector<double> offset(to_size(k), 0.0);
  for (Index g = 0; g < genes; ++g) {
    for (Index c = 0; c < k; ++c) {
      directions(g, c) = double(pca.components(c, g));
      offset[to_size(c)] += double(pca.mean[g]) * directions(g, c);
    }
  }
  Matrix<T> out(x.rows(), k);
  parallel_ranges(x.rows(), 16, [&](Index first, Index last) {
    std::vector<double> sum(to_size(k));
    for (Index n = first; n < last; ++n) {
      for (Index c = 0; c < k; ++c) sum[to_size(c)] = -offset[to_size(c)];
      x.entries(n, 0, genes, [&](Index g, double v) {
        const double* from = directions.data() + g * k;
        double* to = sum.data();
#pragma omp simd
        for (Index c = 0; c < k; ++c) to[c] += v * from[c];
      });
      for (Index c = 0; c < k; ++c) out(n, c) = T(sum[to_size(c)]);
    }
  });
  return out;
}

}  // namespace detail

/// Fits principal components to sparse rows, usually log1p(CP10K) of cells; the centred matrix is never formed.
/// x (N, G) -> mean (1, G), components (k, G), variance (k);  1 <= k <= min(N, G)
/// Randomised block Krylov iteration with thick restarts (Halko, Martinsson, Shkolnisky and Tygert 2011; Musco and
/// Musco 2015), in double throughout: exact up to `tolerance` also where the spectrum decays slowly. Memory is (k + 90)
/// x G numbers. The answer depends on rng only below the tolerance and not on the number of threads. Throws
/// std::invalid_argument for too many components or values that are not finite.
inline Pca<float> fit_pca(const CountsView& x, const PcaOptions& options, Rng& rng) {
  return detail::fit_pca<float>(SparseRows{x}, options, rng);
}

/// The same for dense rows.
template <class T>
Pca<T> fit_pca(ConstView<T> x, const PcaOptions& options, Rng& rng) {
  return detail::fit_pca<T>(DenseRows<T>{x}, options, rng);
}

template <class T>
Pca<T> fit_pca(View<T> x, const PcaOptions& options, Rng& rng) {
  return fit_pca(ConstView<T>(x), options, rng);
}

/// Coordinates of rows along the components.      x (N, G) -> (N, k)
inline Matrix<float> project(const Pca<float>& pca, const CountsView& x) { return detail::project(pca, SparseRows{x}); }

/// The same for dense rows.
template <class T>
Matrix<T> project(const Pca<T>& pca, std::type_identity_t<ConstView<T>> x) {
  return detail::project(pca, DenseRows<T>{x});
}

}  // namespace latentcell::kernel
