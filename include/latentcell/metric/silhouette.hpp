#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include <latentcell/kernel/pairwise.hpp>

namespace LATENTCELL_NAMESPACE::metric {

/// Silhouette of each point: (b - a) / max(a, b) with a the mean distance to the other points of its label and b the
/// least mean distance to the points of another one (Rousseeuw 1987).
/// x (N, D), labels (N), negative where missing -> (N), in [-1, 1]; 0 for a label with one point and for missing labels
/// Throws std::invalid_argument where fewer than two labels are present.
inline std::vector<double> silhouettes(ConstView<float> x, std::span<const int> labels) {
  LATENTCELL_REQUIRE(Index(labels.size()) == x.rows(), "silhouette: ", labels.size(), " labels for ", x.rows(),
                     " points");
  const int highest = labels.empty() ? -1 : *std::max_element(labels.begin(), labels.end());
  std::vector<Index> size(to_size(highest + 1), 0);
  for (const int label : labels) {
    if (label >= 0) ++size[std::size_t(label)];
  }
  const auto present = std::count_if(size.begin(), size.end(), [](Index n) { return n > 0; });
  LATENTCELL_REQUIRE(present >= 2, "silhouette: needs at least two labels, got ", present);
  Matrix<double> sum = Matrix<double>::Zero(x.rows(), Index(size.size()));
  kernel::each_distance(x, x, [&](Index i, Index first, Index count, const double* d2) {
    for (Index j = 0; j < count; ++j) {
      const int label = labels[to_size(first + j)];
      if (label >= 0) sum(i, label) += std::sqrt(d2[j]);
    }
  });
  std::vector<double> out(labels.size(), 0.0);
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (labels[i] < 0 || size[std::size_t(labels[i])] < 2) continue;
    const double own = sum(Index(i), labels[i]) / double(size[std::size_t(labels[i])] - 1);
    double other = std::numeric_limits<double>::infinity();
    for (std::size_t l = 0; l < size.size(); ++l) {
      if (Index(l) != labels[i] && size[l] > 0) other = std::min(other, sum(Index(i), Index(l)) / double(size[l]));
    }
    const double wide = std::max(own, other);
    out[i] = wide > 0.0 ? (other - own) / wide : 0.0;
  }
  return out;
}

/// Mean silhouette over the points that have a label.      x (N, D), labels (N) -> [-1, 1]
inline double silhouette(ConstView<float> x, std::span<const int> labels) {
  const std::vector<double> each = silhouettes(x, labels);
  double sum = 0, n = 0;
  for (std::size_t i = 0; i < each.size(); ++i) {
    if (labels[i] < 0) continue;
    sum += each[i];
    n += 1;
  }
  return sum / n;
}

}  // namespace latentcell::metric
