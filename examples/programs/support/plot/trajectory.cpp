#include "trajectory.hpp"

#include <algorithm>

namespace plots {

void trajectory(const std::string& folder, const MovingCells& of, const TrajectoryTitles& titles) {
  const std::string name = file_name("time_" + titles.when);
  attempt(name, [&] {
    const Box left{90, 80, 580, 580}, right{900, 80, 580, 580};
    Gnuplot g(1520, 770);
    const Frame frame = frame_of({&of.reference, &of.predicted, &of.truth}, left, Units::equal);
    const Index paths = of.paths.empty() ? 0 : of.paths.front().rows();
    Points cells;
    for (const Index i : rows_to_draw(of.reference.rows(), 6000))
      cells.push_back({double(of.reference(i, 0)), double(of.reference(i, 1)), of.time[lc::to_size(i)]});
    g.panel(left, {"Reference cells by time, with paths", titles.x_axis, titles.y_axis,
                   lc::text(cells_shown(Index(cells.size()), of.reference.rows()), "; lines: ", paths,
                            " of the earliest cells as the model moves them")});
    grid(g);
    set_ranges(g, frame);
    std::string plot = lc::text("plot ", g.data(cells), " using 1:2:3 with points pointtype 7 pointsize ",
                                point_size(cells.size()), " linecolor palette");
    for (Index i = 0; i < paths; ++i) {
      Points line;
      for (const lc::Matrix<float>& moment : of.paths) line.push_back({double(moment(i, 0)), double(moment(i, 1))});
      plot += lc::text(", ", g.data(line), " using 1:2 with lines linewidth 1.5 linecolor rgb '#60202020'");
    }
    viridis(g);
    color_bar(g, {left.left + left.width + 24, left.bottom + 60, 14, 460}, "time");
    g.line(plot);
    const Index most = std::max<Index>(300, std::min<Index>(3000, of.truth.rows()));
    const std::vector<ColoredSet> sets{{"true, held out", real_color, of.truth, 3000},
                                       {"predicted", generated_color, of.predicted, most}};
    g.panel(right, {"Cells at time " + titles.when, titles.x_axis, titles.y_axis, titles.scores, key_of(sets)});
    grid(g);
    set_ranges(g, frame);
    colored_sets(g, sets);
    g.draw(folder + "/" + name);
  });
}

}  // namespace plots
