#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <latentcell/metric/pearson.hpp>

#include "plots.hpp"

namespace plots {

/// Three genes over the tissue: what is known, what was held out, and its predictions by the model and by kriging.
/// Shown are the genes of the held-out places that the model tells best, in one colour scale a row.
inline void draw_spatial(const std::string& folder, const lc::Matrix<float>& known_at, const lc::Matrix<float>& known,
                         const lc::Matrix<float>& at, const lc::Matrix<float>& truth, const lc::Matrix<float>& made,
                         const lc::Matrix<float>& kriged, const std::vector<std::string>& genes, int slice,
                         const std::vector<int>& slices) {
  std::vector<std::pair<double, Index>> order;
  std::vector<double> r(lc::to_size(truth.cols()), -1.0);
  const auto correlation = [&](const lc::Matrix<float>& x, Index g) {
    std::vector<double> a, b;
    for (Index i = 0; i < truth.rows(); ++i) {
      a.push_back(double(x(i, g)));
      b.push_back(double(truth(i, g)));
    }
    const auto flat = [](const std::vector<double>& v) {
      return std::all_of(v.begin(), v.end(), [&](double u) { return u == v.front(); });
    };
    return flat(a) || flat(b) ? 0.0 : lc::metric::pearson(a, b);
  };
  for (Index g = 0; g < truth.cols(); ++g) order.emplace_back(correlation(made, g), g);
  std::sort(order.rbegin(), order.rend());
  const Index rows = std::min<Index>(3, truth.cols());
  // Known cells of the same slice, or of the nearest one where it has none.
  int shown = slice, nearest = 1 << 20;
  for (const int k : slices) {
    if (std::abs(k - slice) < nearest) nearest = std::abs(k - slice), shown = k;
  }
  Gnuplot g(1560, int(420 * rows + 20));
  g.line("set multiplot layout ", rows,
         ",4 margins 0.03,0.95,0.05,0.94 spacing 0.02,0.06\nunset border\nunset tics\nunset key\nset size ratio -1\n"
         "set palette defined (0 '#440154', 0.25 '#3b528b', 0.5 '#21918c', 0.75 '#5ec962', 1 '#fde725')");
  Cloud a{known_at}, b{at};
  same_ranges(g, {&a, &b});
  for (Index row = 0; row < rows; ++row) {
    const Index gene = order[lc::to_size(row)].second;
    float top = 0;
    for (Index i = 0; i < truth.rows(); ++i) top = std::max(top, truth(i, gene));
    g.line("set cbrange [0:", std::max(0.1, 0.9 * double(top)), "]");
    const auto panel = [&](const std::string& title, const lc::Matrix<float>& where, const lc::Matrix<float>& value,
                           bool only_shown, bool bar) {
      Points points;
      for (Index i = 0; i < where.rows(); ++i) {
        if (only_shown && slices[lc::to_size(i)] != shown) continue;
        points.push_back({double(where(i, 0)), double(where(i, 1)), double(value(i, gene))});
      }
      g.line("set title ", quote(title), " noenhanced\n", bar ? "set colorbox" : "unset colorbox");
      g.line("plot ", g.data(points), " using 1:2:3 with points pointtype 7 pointsize ",
             points.size() > 3000  ? "0.35"
             : points.size() > 800 ? "0.6"
                                   : "1.1",
             " linecolor palette notitle");
    };
    const auto with_r = [&](const char* who, double value) {
      char word[80];
      std::snprintf(word, sizeof word, "%s, r %.2f", who, value);
      return std::string(word);
    };
    panel(genes[lc::to_size(gene)] + ": known", known_at, known, true, false);
    panel("held out", at, truth, false, false);
    panel(with_r("latentcell", correlation(made, gene)), at, made, false, false);
    panel(with_r("kriging", correlation(kriged, gene)), at, kriged, false, true);
  }
  g.draw(folder + "/genes.png");
}

}  // namespace plots
