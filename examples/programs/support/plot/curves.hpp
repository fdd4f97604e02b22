#pragma once

#include <string>
#include <vector>

#include <latentcell/train/stages.hpp>

#include "scatter.hpp"

// Curves: losses of a training, distributions of a number.

namespace plots {

/// The training loss of one stage over its epochs and, where cells were kept out for it, the validation loss.
void loss_panel(Gnuplot& g, const Box& box, const lc::StageReport& stage);

/// Loss curves of all stages that trained, at most twelve. Writes PATH.png and .pdf, nothing without a stage; what
/// fails is a note.
void loss_curves(const std::string& path, const std::vector<lc::StageReport>& stages);

/// Edges of bins of equal width in the logarithm, about the positive values of several sets.
struct LogBins {
  static constexpr int count = 50;
  double from = 0, step = 0;  ///< logarithms

  explicit LogBins(const std::vector<const std::vector<double>*>& sets);
  double edge(int i) const;
  /// The outline of a histogram, in per cent of the values.
  Points outline(const std::vector<double>& values) const;
};

/// One panel with the histograms of a positive number in real and in generated cells, and their medians.
void histogram_panel(Gnuplot& g, const Box& box, const Titles& titles, const std::vector<double>& real,
                     const std::vector<double>& generated);

}  // namespace plots
