#pragma once

#include <string>
#include <vector>

#include <latentcell/kernel/log_normalize.hpp>
#include <latentcell/generation/evaluate_augmentation.hpp>

#include "plots.hpp"

namespace plots {

/// Real and generated cells of the rare labels among all cells, in two PCs of the real ones; and, where cells were held
/// out, how well each rare label is found by a classifier with and without them.
inline void draw_augmentation(const std::string& folder, const lc::CellTable& real, const lc::CellTable& made,
                              const std::string& label, const std::vector<std::string>& levels,
                              const std::vector<lc::generation::AugmentationScores>& scores) {
  const lc::Counts logged = lc::kernel::log_normalize(real.counts.view());
  const Plane plane = plane_of(logged);
  const Cloud cells{plane.project(logged)}, added{plane.project(lc::kernel::log_normalize(made.counts.view()))};
  const std::vector<int> real_code = real.cell_columns.codes(label, levels),
                         made_code = made.cell_columns.codes(label, levels);
  std::vector<char> rare(levels.size(), 0);
  for (const int code : made_code) rare[lc::to_size(code)] = 1;
  const lc::Categorical named{levels, made_code};
  const Legend legend({&named});

  Gnuplot g(1500, 700);
  g.line("set multiplot\nset grid linetype 1 linewidth 1 linecolor rgb '#f0f0f0'");
  g.line(
      "set lmargin at screen 0.06\nset rmargin at screen 0.46\nset tmargin at screen 0.93\nset bmargin at screen 0.11");
  same_ranges(g, {&cells, &added});
  axes(g, lc::text("Rare labels: real (ringed) and generated"), plane.axis("", 1), plane.axis("", 2));
  Points others, fresh, own;
  for (const Index i : rows_to_draw(cells.at.rows(), 4000)) {
    const int code = real_code[lc::to_size(i)];
    if (code < 0 || !rare[lc::to_size(code)]) others.push_back({double(cells.at(i, 0)), double(cells.at(i, 1))});
  }
  for (const Index i : rows_to_draw(added.at.rows(), 3000)) {
    const std::string& name = levels[lc::to_size(made_code[lc::to_size(i)])];
    fresh.push_back({double(added.at(i, 0)), double(added.at(i, 1)), color_number(color_of(legend.rank(name)), 120)});
  }
  for (Index i = 0; i < cells.at.rows(); ++i) {
    const int code = real_code[lc::to_size(i)];
    if (code < 0 || !rare[lc::to_size(code)]) continue;
    own.push_back({double(cells.at(i, 0)), double(cells.at(i, 1)),
                   color_number(color_of(legend.rank(levels[lc::to_size(code)])), 0)});
  }
  std::string key;
  for (std::size_t r = 0; r < legend.names.size(); ++r)
    key += lc::text(", keyentry with points pointtype 7 pointsize 1.3 linecolor rgb '", color_of(int(r)), "' title ",
                    quote(legend.names[r], 28));
  g.line("set key top right Left reverse box linecolor rgb '#cccccc' opaque font 'Sans,10'");
  std::string plot = "plot ";
  if (!others.empty())
    plot += g.data(others) +
            " using 1:2 with points pointtype 7 pointsize 0.4 linecolor rgb '#d8d8d8' title 'other labels', ";
  plot += g.data(fresh) + " using 1:2:3 with points pointtype 7 pointsize 0.6 linecolor rgb variable notitle, ";
  const std::string file = g.data(own);
  plot += file + " using 1:2:3 with points pointtype 7 pointsize 0.8 linecolor rgb variable notitle, " + file +
          " using 1:2 with points pointtype 6 pointsize 0.9 linewidth 1 linecolor rgb '#222222' notitle";
  g.line(plot, key);

  if (!scores.empty()) {
    std::vector<std::size_t> shown;
    for (std::size_t l = 0; l < levels.size(); ++l) {
      if (rare[l] && scores.front().logistic.cells[l] > 0) shown.push_back(l);
    }
    std::string tics;
    for (std::size_t k = 0; k < shown.size(); ++k) {
      tics += lc::text(k > 0 ? "," : "",
                       quote(lc::text(levels[shown[k]], " (", scores.front().logistic.cells[shown[k]], ")"), 26), " ",
                       shown.size() - 1 - k);
    }
    g.line("set lmargin at screen 0.64\nset rmargin at screen 0.98\nset bmargin at screen 0.30");
    axes(g, "Held-out cells: F1 of logistic regression", "F1", "");
    g.line("set ytics (", tics, ") noenhanced\nset yrange [-0.6:", double(shown.size()) - 0.2,
           "]\nset xrange [0:1.02]\nset key at screen 0.62,0.17 left top maxrows 3 nobox");
    const char* const color[] = {"#333333", "#999999", "#88CCEE", "#117733", made_color};
    const int shape[] = {5, 4, 8, 9, 7};
    plot.clear();
    for (std::size_t s = 0; s < scores.size(); ++s) {
      Points points;
      for (std::size_t k = 0; k < shown.size(); ++k)
        points.push_back({scores[s].logistic.f1[shown[k]], double(shown.size() - 1 - k) + 0.3 - 0.15 * double(s)});
      plot += lc::text(s == 0 ? "plot " : ", ", g.data(points), " using 1:2 with points pointtype ", shape[s % 5],
                       " pointsize 1.5 linecolor rgb '", color[s % 5], "' title ", quote(scores[s].name));
    }
    g.line(plot);
  }
  g.draw(folder + "/augmentation.png");
}

}  // namespace plots
