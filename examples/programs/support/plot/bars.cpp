#include "bars.hpp"

namespace plots {

void score_rows(Gnuplot& g, const std::vector<std::string>& names, const std::vector<RowScores>& methods,
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
