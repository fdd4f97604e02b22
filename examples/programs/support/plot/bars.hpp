#pragma once

#include <algorithm>
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

/// Colours and shapes of methods, the model's last so that it lies on top.
inline constexpr const char* method_colors[] = {"#333333", "#999999", "#88CCEE", "#117733", "#0072B2", "#DDCC77"};
inline constexpr int method_shapes[] = {5, 4, 8, 9, 11, 13};

/// Plots rows from top to bottom, with the methods side by side in a row where `spread` is above 0.
void score_rows(Gnuplot& g, const std::vector<std::string>& names, const std::vector<RowScores>& methods,
                double spread);

}  // namespace plots
