#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <latentcell/kernel/pca.hpp>

#include "plots.hpp"

namespace plots {

/// Cells in motion, in the first two dimensions: known cells coloured by time with the ways of some of them through it;
/// predicted cells beside the true ones of the time that was held out, where there is one.
/// known (N, 2) with times; ways: for each moment (n, 2); predicted (M, 2), truth (K, 2) or no rows
inline void draw_trajectory(const std::string& folder, const std::string& name, const lc::Matrix<float>& known,
                            const std::vector<double>& time, const std::vector<lc::Matrix<float>>& ways,
                            const lc::Matrix<float>& predicted, const lc::Matrix<float>& truth,
                            const std::string& x_axis, const std::string& y_axis, const std::string& when) {
  Gnuplot g(1500, 720);
  g.line(
      "set multiplot layout 1,2 margins 0.06,0.95,0.11,0.92 spacing 0.14\nset grid linetype 1 linewidth 1 linecolor "
      "rgb '#e8e8e8'\nset palette defined (0 '#440154', 0.25 '#3b528b', 0.5 '#21918c', 0.75 '#5ec962', 1 '#fde725')");
  const Cloud a{known}, b{predicted}, c{truth};
  same_ranges(g, {&a, &b, &c});
  axes(g, "known cells by time, and the ways of some", x_axis, y_axis);
  Points cells;
  for (const Index i : rows_to_draw(known.rows(), 6000))
    cells.push_back({double(known(i, 0)), double(known(i, 1)), time[lc::to_size(i)]});
  std::string plot =
      lc::text("plot ", g.data(cells), " using 1:2:3 with points pointtype 7 pointsize 0.5 linecolor palette notitle");
  for (Index i = 0; i < (ways.empty() ? 0 : ways.front().rows()); ++i) {
    Points line;
    for (const lc::Matrix<float>& moment : ways) line.push_back({double(moment(i, 0)), double(moment(i, 1))});
    plot += lc::text(", ", g.data(line), " using 1:2 with lines linewidth 1.5 linecolor rgb '#60202020' notitle");
  }
  g.line("set colorbox user origin 0.455,0.15 size 0.012,0.7\nset cblabel 'time' offset 0.5,0");
  g.line(plot);
  axes(g, "cells at " + when, x_axis, y_axis);
  Points both;
  std::vector<std::pair<int, Index>> which;
  for (const Index i : rows_to_draw(truth.rows(), 3000)) which.emplace_back(0, i);
  for (const Index i : rows_to_draw(predicted.rows(), std::max<Index>(300, std::min<Index>(3000, truth.rows()))))
    which.emplace_back(1, i);
  for (const Index i : rows_to_draw(Index(which.size()), Index(which.size()))) {
    const auto& [side, row] = which[lc::to_size(i)];
    const lc::Matrix<float>& from = side == 0 ? truth : predicted;
    both.push_back({double(from(row, 0)), double(from(row, 1)), color_number(side == 0 ? real_color : made_color, 80)});
  }
  g.line("unset colorbox\nset key top left reverse Left");
  g.line("plot ", g.data(both), " using 1:2:3 with points pointtype 7 pointsize 0.7 linecolor rgb variable notitle",
         truth.rows() > 0 ? lc::text(", keyentry with points pointtype 7 pointsize 1.3 linecolor rgb '", real_color,
                                     "' title 'true, held out'")
                          : std::string(),
         ", keyentry with points pointtype 7 pointsize 1.3 linecolor rgb '", made_color, "' title 'predicted'");
  g.draw(folder + "/" + name + ".png");
}

}  // namespace plots
