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
inline void score_rows(Gnuplot& g, const std::vector<std::string>& names, const std::vector<RowScores>& methods,
                       double spread) {
  std::string ticks, plot;
  for (std::size_t k = 0; k < names.size(); ++k)
    ticks += lc::text(k > 0 ? "," : "", quote(names[k], 26), " ", names.size() - 1 - k);
  g.line("set ytics (", ticks, ") noenhanced\nset yrange [-0.7:", double(names.size()) - 0.3, "]");
  for (std::size_t m = 0; m < methods.size(); ++m) {
    const bool last = m + 1 == methods.size();
    Points points;
    for (std::size_t k = 0; k < names.size(); ++k) {
      const double shift = spread * (0.5 * double(methods.size() - 1) - double(m));
      points.push_back({methods[m].values.at(k), double(names.size() - 1 - k) + shift});
    }
    plot += lc::text(m == 0 ? "plot " : ", ", g.data(points), " using 1:2 with points pointtype ",
                     last ? 7 : method_shapes[m % 6], " pointsize 1.4 linecolor rgb '",
                     last ? generated_color : method_colors[m % 6], "' title ", quote(methods[m].method));
  }
  if (!plot.empty()) g.line(plot);
  g.line("set ytics autofreq");
}

}  // namespace plots
