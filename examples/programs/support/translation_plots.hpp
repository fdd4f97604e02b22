#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <latentcell/multiomics/evaluate.hpp>

#include "plots.hpp"

namespace plots {

/// Held-out cells: each protein's correlation, the model beside the floors; and predicted against measured values of
/// the six proteins that are best told.
inline void draw_translation(const std::string& folder, const std::vector<std::string>& proteins,
                             const lc::Matrix<float>& predicted, const lc::Matrix<float>& measured,
                             const std::vector<lc::TranslationScore>& scores) {
  Gnuplot g(1500, 820);
  g.line("set multiplot\nset grid linetype 1 linewidth 1 linecolor rgb '#e8e8e8'");
  // Correlations of all proteins, best first.
  std::vector<std::size_t> order;
  for (std::size_t f = 0; f < proteins.size(); ++f) {
    if (std::isfinite(scores.front().r[f])) order.push_back(f);
  }
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return scores.front().r[a] > scores.front().r[b]; });
  const std::size_t shown = std::min<std::size_t>(order.size(), 30);
  std::string tics;
  for (std::size_t k = 0; k < shown; ++k)
    tics += lc::text(k > 0 ? "," : "", quote(proteins[order[k]], 16), " ", shown - 1 - k);
  g.line(
      "set lmargin at screen 0.12\nset rmargin at screen 0.40\nset tmargin at screen 0.93\nset bmargin at screen 0.10");
  axes(g, "correlation over held-out cells", "Pearson r", "");
  g.line("set ytics (", tics, ") noenhanced\nset yrange [-0.7:", double(shown) - 0.3,
         "]\nset xrange [*:1]\nset key top left reverse Left");
  struct Row {
    const char *who, *color;
    int shape;
  };
  std::string plot;
  for (const Row& row : {Row{"ridge on components", "#999999", 5}, Row{"30 nearest cells", "#0072B2", 9},
                         Row{"latentcell", made_color, 7}}) {
    for (const lc::TranslationScore& s : scores) {
      if (s.who != row.who) continue;
      Points points;
      for (std::size_t k = 0; k < shown; ++k) points.push_back({s.r[order[k]], double(shown - 1 - k)});
      plot += lc::text(plot.empty() ? "plot " : ", ", g.data(points), " using 1:2 with points pointtype ", row.shape,
                       " pointsize 1.4 linecolor rgb '", row.color, "' title ", quote(row.who));
    }
  }
  g.line(plot);
  g.line("set ytics autofreq\nunset key");
  for (std::size_t k = 0; k < std::min<std::size_t>(6, order.size()); ++k) {
    const Index f = Index(order[k]);
    const double left = 0.475 + 0.18 * double(k % 3), bottom = k < 3 ? 0.58 : 0.10;
    g.line("set lmargin at screen ", left, "\nset rmargin at screen ", left + 0.135, "\nset bmargin at screen ", bottom,
           "\nset tmargin at screen ", bottom + 0.35);
    Points points;
    for (const Index i : rows_to_draw(predicted.rows(), 3000))
      points.push_back({double(measured(i, f)), double(predicted(i, f))});
    const double range = double(measured.col(f).maxCoeff() - measured.col(f).minCoeff());
    g.line("set xrange [*:*]\nset yrange [*:*]\nset xtics ", range > 4 ? 2 : 1, "\nset ytics ", range > 4 ? 2 : 1);
    char r[16];
    std::snprintf(r, sizeof r, "%.2f", scores.front().r[order[k]]);
    axes(g, lc::text(proteins[order[k]], ", r ", r), k < 3 ? "" : "measured, log1p", k % 3 == 0 ? "predicted" : "");
    g.line("plot ", g.data(points), " using 1:2 with points pointtype 7 pointsize 0.35 linecolor rgb '#60",
           made_color + 1, "' notitle, x with lines linewidth 1 linecolor rgb '#333333' notitle");
  }
  g.draw(folder + "/proteins.png");
}

}  // namespace plots
