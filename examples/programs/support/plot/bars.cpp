#include "bars.hpp"

namespace plots {

namespace {

constexpr const char* method_colors[] = {"#333333", "#999999", "#56B4E9", "#009E73", "#0072B2", "#E69F00"};
constexpr int method_shapes[] = {5, 4, 8, 9, 11, 13};

}  // namespace

void score_rows(Gnuplot& g, const std::vector<std::string>& names, const std::vector<RowScores>& methods,
                double spread) {
  std::string ticks, plot;
  for (std::size_t k = 0; k < names.size(); ++k)
    ticks += lc::text(k > 0 ? "," : "", quote_tick(names[k], 24), " ", names.size() - 1 - k);
  g.line("set ytics (", ticks, ")\nset yrange [-0.7:", double(names.size()) - 0.3, "]");
  g.line("set key at ", g.at_page(g.box().left + g.box().width / 2, g.box().bottom - 76),
         " center top maxrows 3 reverse Left font 'Sans,11'");
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
}

}  // namespace plots
