#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/random_draw.hpp>
#include <latentcell/core/types.hpp>
#include <latentcell/kernel/cholesky.hpp>
#include <latentcell/kernel/parallel.hpp>

namespace LATENTCELL_NAMESPACE::metric {

/// Settings of ClassGaussian.
struct ClassGaussianOptions {
  double ridge = 1e-3;  ///< added to every variance, in units of the class's mean variance; small classes need it

  static void visit(auto& self, auto&& f) { f("ridge", self.ridge, above(0)); }
};

/// A baseline of generation: one Gaussian per class, with full covariance, usually in PC space. A model that is no
/// better has learnt nothing of the shape of a class.
class ClassGaussian {
 public:
  /// x (N, D); labels (N), negative where missing: such points are left out. A class of one point is that point alone.
  ClassGaussian(ConstView<float> x, std::span<const int> labels, const ClassGaussianOptions& options = {}) {
    LATENTCELL_REQUIRE(Index(labels.size()) == x.rows() && x.rows() > 0, "ClassGaussian: ", labels.size(),
                       " labels for ", x.rows(), " points");
    check_options("ClassGaussian", options);
    const Index d = x.cols();
    const int highest = *std::max_element(labels.begin(), labels.end());
    LATENTCELL_REQUIRE(highest >= 0, "ClassGaussian: none of ", labels.size(), " points has a label");
    for (int label = 0; label <= highest; ++label) {
      Part part;
      part.mean.assign(to_size(d), 0.0);
      for (Index i = 0; i < x.rows(); ++i) {
        if (labels[to_size(i)] != label) continue;
        ++part.size;
        for (Index j = 0; j < d; ++j) part.mean[to_size(j)] += double(x(i, j));
      }
      Matrix<double> covariance = Matrix<double>::Zero(d, d);
      if (part.size > 0) {
        for (double& m : part.mean) m /= double(part.size);
      }
      for (Index i = 0; i < x.rows() && part.size > 1; ++i) {
        if (labels[to_size(i)] != label) continue;
        for (Index a = 0; a < d; ++a) {
          const double gap = (double(x(i, a)) - part.mean[to_size(a)]) / double(part.size - 1);
          for (Index b = 0; b <= a; ++b) covariance(a, b) += gap * (double(x(i, b)) - part.mean[to_size(b)]);
        }
      }
      double trace = 0;
      for (Index j = 0; j < d; ++j) trace += covariance(j, j);
      if (trace > 0.0) {
        for (Index j = 0; j < d; ++j) covariance(j, j) += options.ridge * trace / double(d);
        part.root = kernel::cholesky(covariance);
      } else {
        part.root = covariance;
      }
      parts_.push_back(std::move(part));
    }
  }

  /// One point for each label.      labels (n), classes that had points -> (n, D)
  Matrix<float> draw(std::span<const int> labels, Rng& rng) const {
    const Index d = Index(parts_.front().mean.size());
    for (const int label : labels) {
      LATENTCELL_REQUIRE(label >= 0 && label < int(parts_.size()) && parts_[std::size_t(label)].size > 0,
                         "ClassGaussian: no points of class ", label, " to draw from");
    }
    const Rng seeds = rng.fork();
    Matrix<float> out(Index(labels.size()), d);
    kernel::parallel_ranges(out.rows(), 16, [&](Index first, Index last) {
      std::vector<double> noise(to_size(d));
      for (Index i = first; i < last; ++i) {
        Rng own = seeds.at(std::uint64_t(i));
        const Part& part = parts_[std::size_t(labels[to_size(i)])];
        for (double& e : noise) e = own.normal();
        for (Index a = 0; a < d; ++a) {
          double v = part.mean[to_size(a)];
          for (Index b = 0; b <= a; ++b) v += part.root(a, b) * noise[to_size(b)];
          out(i, a) = float(v);
        }
      }
    });
    return out;
  }

 private:
  struct Part {
    Index size = 0;
    std::vector<double> mean;  // (D)
    Matrix<double> root;       // (D, D), lower triangle
  };
  std::vector<Part> parts_;
};

}  // namespace latentcell::metric
