#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/train/stages.hpp>

#include "scatter.hpp"

// Curves: losses of a training, distributions of a number.

namespace plots {

/// The loss of one stage over its epochs.
void loss_panel(Gnuplot& g, const lc::StageReport& stage, const std::string& unit);

/// Mean loss of each epoch, one panel a stage; the validation loss where there is one.
/// units: of the stages' losses, one each
void loss_curves(const std::string& path, const std::vector<lc::StageReport>& stages,
                 const std::vector<std::string>& units);

/// Edges of bins of equal width in the logarithm, about the positive values of several sets.
struct LogBins {
  static constexpr int count = 50;
  double from = 0, step = 0;  ///< logarithms

  explicit LogBins(const std::vector<const std::vector<double>*>& sets) {
    double low = INFINITY, high = 0;
    for (const auto* set : sets) {
      for (const double v : *set) {
        if (v > 0) low = std::min(low, v), high = std::max(high, v);
      }
    }
    if (high <= 0) low = 1, high = 10;
    from = std::log(low) - 0.05;
    step = (std::log(high) + 0.05 - from) / count;
  }
  double edge(int i) const { return std::exp(from + step * double(i)); }

  /// The outline of a histogram, in per cent of the values.
  Points outline(const std::vector<double>& values) const {
    std::vector<double> bins(count, 0.0);
    for (const double v : values) {
      if (v <= 0) continue;
      const double at = std::clamp((std::log(v) - from) / step, 0.0, double(count - 1));
      bins[std::size_t(at)] += 100.0 / double(values.size());
    }
    Points out{{edge(0), 0}};
    for (int i = 0; i < count; ++i) {
      out.push_back({edge(i), bins[std::size_t(i)]});
      out.push_back({edge(i + 1), bins[std::size_t(i)]});
    }
    out.push_back({edge(count), 0});
    return out;
  }

  /// Tick marks at 1, 2 and 5 times the powers of ten.
  std::string ticks() const {
    std::string out;
    for (double decade = std::pow(10.0, std::floor(std::log10(edge(0)))); decade < edge(count); decade *= 10) {
      for (const double tick : {decade, 2 * decade, 5 * decade}) {
        if (tick >= edge(0) && tick <= edge(count))
          out += lc::text(out.empty() ? "" : ", ", "'", std::llround(tick), "' ", tick);
      }
    }
    return out;
  }
};

/// One panel with the histograms of a positive number in real and in generated cells.
void histogram_panel(Gnuplot& g, const std::string& title, const std::string& unit, const std::vector<double>& real,
                     const std::vector<double>& generated);

}  // namespace plots
