#include "trajectory.hpp"

namespace plots {

void trajectory(const std::string& folder, const std::string& name, const MovingCells& of,
                const TrajectoryTitles& titles) {
  Gnuplot g(1500, 720);
  g.line("set multiplot layout 1,2 margins 0.06,0.95,0.11,0.92 spacing 0.14");
  grid(g);
  viridis(g);
  const Cloud a{of.reference}, b{of.predicted}, c{of.truth};
  same_ranges(g, {&a, &b, &c});
  axes(g, "reference cells by time, and some paths", titles.x_axis, titles.y_axis);
  Points cells;
  for (const Index i : rows_to_draw(of.reference.rows(), 6000))
    cells.push_back({double(of.reference(i, 0)), double(of.reference(i, 1)), of.time[lc::to_size(i)]});
  std::string plot =
      lc::text("plot ", g.data(cells), " using 1:2:3 with points pointtype 7 pointsize 0.5 linecolor palette notitle");
  for (Index i = 0; i < (of.paths.empty() ? 0 : of.paths.front().rows()); ++i) {
    Points line;
    for (const lc::Matrix<float>& moment : of.paths) line.push_back({double(moment(i, 0)), double(moment(i, 1))});
    plot += lc::text(", ", g.data(line), " using 1:2 with lines linewidth 1.5 linecolor rgb '#60202020' notitle");
  }
  g.line("set colorbox user origin 0.455,0.15 size 0.012,0.7\nset cblabel 'time' offset 0.5,0");
  g.line(plot);
  axes(g, "cells at " + titles.when, titles.x_axis, titles.y_axis);
  g.line("unset colorbox\nset key top left reverse Left");
  const Index most = std::max<Index>(300, std::min<Index>(3000, of.truth.rows()));
  colored_sets(g, {{"true, held out", real_color, of.truth, 3000}, {"predicted", generated_color, of.predicted, most}},
               "0.7", 80);
  g.draw(folder + "/" + name + ".png");
}

}  // namespace plots
