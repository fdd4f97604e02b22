#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE {

/// How smooth the curve of loess is.
struct LoessOptions {
  double span = 0.3;  ///< share of the points that each local fit sees, in (0, 1]; larger: smoother
  double cell = 0.2;  ///< a cell of the interpolation holds at most span * cell of the points; larger: coarser, faster

  static void visit(auto& self, auto&& f) {
    f("span", self.span, above_up_to(0, 1));
    f("cell", self.cell, above(0));
  }
};

namespace detail {

struct LoessVertex {
  double at, value, slope;
};

// Local quadratic with tricube weights over the q points nearest to `at`; x ascends.
inline LoessVertex loess_vertex(double at, Index q, std::span<const double> x, std::span<const double> y) {
  Index first = Index(std::lower_bound(x.begin(), x.end(), at) - x.begin());
  Index last = first;
  while (last - first < q) {
    const bool left = first > 0 && (last == Index(x.size()) || at - x[to_size(first - 1)] <= x[to_size(last)] - at);
    left ? --first : ++last;
  }
  const double radius = std::max(at - x[to_size(first)], x[to_size(last - 1)] - at);

  // Polynomials orthogonal under the weights, by their recurrence. A degree that the points do not determine (too few
  // distinct x) has a vanishing norm and is left out.
  const auto each = [&](const auto& f) {
    for (Index i = first; i < last; ++i) {
      const double s = radius > 0 ? (x[to_size(i)] - at) / radius : 0;
      const double r = std::abs(s), u = 1 - r * r * r;
      f(radius > 0 ? u * u * u : 1, s, y[to_size(i)]);
    }
  };
  double n0 = 0, s1 = 0, s2 = 0;
  each([&](double w, double s, double) { n0 += w, s1 += w * s, s2 += w * s * s; });
  if (n0 <= 0) {  // all points stand at the same distance, where the weight is zero
    double sum = 0;
    for (Index i = first; i < last; ++i) sum += y[to_size(i)];
    return {at, sum / double(q), 0};
  }
  const double a1 = s1 / n0;
  double n1 = 0, m1 = 0, y0 = 0, y1 = 0;
  each([&](double w, double s, double v) {
    const double p = s - a1;
    n1 += w * p * p, m1 += w * s * p * p, y0 += w * v, y1 += w * p * v;
  });
  LoessVertex out{at, y0 / n0, 0};
  if (n1 <= 1e-12 * s2 || s2 <= 0) return out;
  const double c1 = y1 / n1;
  out.value -= c1 * a1;
  out.slope = c1 / radius;
  const double a2 = m1 / n1, b2 = n1 / n0;
  double n2 = 0, y2 = 0;
  each([&](double w, double s, double v) {
    const double p = (s - a2) * (s - a1) - b2;
    n2 += w * p * p, y2 += w * p * v;
  });
  if (n2 <= 1e-12 * n1) return out;
  const double c2 = y2 / n2;
  out.value += c2 * (a1 * a2 - b2);
  out.slope -= c2 * (a1 + a2) / radius;
  return out;
}

// Cuts [first, last] of the ascending x at its median, again and again, until a part holds `most` points or fewer.
inline void loess_cut(std::span<const double> x, Index first, Index last, Index most, std::vector<double>& cuts) {
  if (last - first + 1 <= most) return;
  // The cut falls between two distinct values, the pair nearest to the middle.
  const Index middle = (first + last) / 2;
  for (Index step = 0; middle + step < last || middle - step >= first; ++step) {
    for (const Index m : {middle + step, middle - step}) {
      if (m < first || m >= last || x[to_size(m)] == x[to_size(m + 1)]) continue;
      cuts.push_back(x[to_size(m)]);
      loess_cut(x, first, m, most, cuts);
      loess_cut(x, m + 1, last, most, cuts);
      return;
    }
  }
}

}  // namespace detail

/// Smooths y over x by local quadratic regression with tricube weights.   x (N), y (N) -> (N), the curve at each x
/// The fit is made at the corners of a one-dimensional k-d tree and blended between them by cubics that keep value and
/// slope (Cleveland and Grosse, "Computational methods for local regression", 1991), as in R's loess and scikit-misc,
/// whose numbers it gives. Where too few distinct x lie near a corner the degree is lowered. x and y must be finite.
inline std::vector<double> loess(std::span<const double> x, std::span<const double> y,
                                 const LoessOptions& options = {}) {
  LATENTCELL_REQUIRE(x.size() == y.size(), "loess: ", x.size(), " x but ", y.size(), " y");
  check_options("loess", options);
  if (x.empty()) return {};
  for (std::size_t i = 0; i < x.size(); ++i) {
    LATENTCELL_REQUIRE(std::isfinite(x[i]) && std::isfinite(y[i]), "loess: point ", i, " is (", x[i], ", ", y[i], ")");
  }
  const Index n = Index(x.size());
  std::vector<std::size_t> order(x.size());
  std::iota(order.begin(), order.end(), std::size_t(0));
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return x[a] < x[b]; });
  std::vector<double> sorted_x, sorted_y;
  for (std::size_t i : order) {
    sorted_x.push_back(x[i]);
    sorted_y.push_back(y[i]);
  }

  // Four points at least, so that a quadratic leaves the farthest one, of weight zero, out.
  const Index q = std::clamp<Index>(Index(std::floor(double(n) * options.span + 1e-5)), std::min<Index>(n, 4), n);
  const double low = sorted_x.front(), high = sorted_x.back();
  const double margin = 0.005 * std::max(high - low, 1e-10 * std::max(std::abs(low), std::abs(high)) + 1e-30);
  std::vector<double> corners{low - margin, high + margin};
  detail::loess_cut(sorted_x, 0, n - 1, std::max<Index>(1, Index(double(n) * options.span * options.cell)), corners);
  std::sort(corners.begin(), corners.end());
  std::vector<detail::LoessVertex> vertices;
  for (double at : corners) vertices.push_back(detail::loess_vertex(at, q, sorted_x, sorted_y));

  std::vector<double> out(x.size());
  std::size_t right = 1;
  for (std::size_t i = 0; i < order.size(); ++i) {
    while (right + 1 < vertices.size() && sorted_x[i] > vertices[right].at) ++right;
    const detail::LoessVertex &a = vertices[right - 1], &b = vertices[right];
    const double width = b.at - a.at, h = width > 0 ? (sorted_x[i] - a.at) / width : 0, g = 1 - h;
    out[order[i]] = g * g * (1 + 2 * h) * a.value + h * h * (1 + 2 * g) * b.value +
                    width * (g * g * h * a.slope - h * h * g * b.slope);
  }
  return out;
}

}  // namespace latentcell
