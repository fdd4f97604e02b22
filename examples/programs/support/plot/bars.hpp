#pragma once

#include <string>
#include <vector>

#include "scatter.hpp"

// Scores of named things, a row a name and a mark a method.

namespace plots {

/// One method's scores, one a row; NaN draws no mark.
struct RowScores {
  std::string method;
  std::vector<double> values;
};

/// Plots rows from top to bottom in the current panel, the methods side by side in a row where `spread` is above 0. The
/// last method is the model's and lies on top. Its key stands below the panel.
void score_rows(Gnuplot& g, const std::vector<std::string>& names, const std::vector<RowScores>& methods,
                double spread);

}  // namespace plots
