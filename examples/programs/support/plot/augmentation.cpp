#include "augmentation.hpp"

namespace plots {

void augmented_panel(Gnuplot& g, const AugmentedCells& of, const std::vector<char>& rare) {
  const lc::Counts logs = logged(of.real.counts);
  const Plane plane = plane_of(logs);
  const Cloud cells{plane.project(logs)}, added{plane.project(logged(of.generated.counts))};
  const std::vector<int> real_code = of.real.cell_columns.codes(of.label, of.levels),
                         added_code = of.generated.cell_columns.codes(of.label, of.levels);
  const lc::Categorical labels{of.levels, added_code};
  const Legend legend({&labels});
  const auto point = [&](const Cloud& from, Index i, int code, int alpha) {
    return std::vector<double>{double(from.at(i, 0)), double(from.at(i, 1)),
                               color_number(color_of(legend.rank(of.levels[lc::to_size(code)])), alpha)};
  };
  same_ranges(g, {&cells, &added});
  axes(g, "Rare labels: real (ringed) and generated", plane.axis("", 1), plane.axis("", 2));
  const auto is_rare = [&](int code) { return code >= 0 && rare[lc::to_size(code)] != 0; };
  Points others, generated, own;
  for (const Index i : rows_to_draw(cells.at.rows(), 4000)) {
    if (!is_rare(real_code[lc::to_size(i)])) others.push_back({double(cells.at(i, 0)), double(cells.at(i, 1))});
  }
  for (const Index i : rows_to_draw(added.at.rows(), 3000))
    generated.push_back(point(added, i, added_code[lc::to_size(i)], 120));
  for (Index i = 0; i < cells.at.rows(); ++i) {
    if (is_rare(real_code[lc::to_size(i)])) own.push_back(point(cells, i, real_code[lc::to_size(i)], 0));
  }
  std::string key, plot = "plot ";
  for (std::size_t r = 0; r < legend.names.size(); ++r) key += key_entry(color_of(int(r)), legend.names[r]);
  g.line("set key top right Left reverse box linecolor rgb '#cccccc' opaque font 'Sans,10'");
  if (!others.empty())
    plot += g.data(others) +
            " using 1:2 with points pointtype 7 pointsize 0.4 linecolor rgb '#d8d8d8' title 'other labels', ";
  plot += g.data(generated) + " using 1:2:3 with points pointtype 7 pointsize 0.6 linecolor rgb variable notitle, ";
  const std::string file = g.data(own);
  plot += file + " using 1:2:3 with points pointtype 7 pointsize 0.8 linecolor rgb variable notitle, " + file +
          " using 1:2 with points pointtype 6 pointsize 0.9 linewidth 1 linecolor rgb '#222222' notitle";
  g.line(plot, key);
}

void augmentation(const std::string& folder, const AugmentedCells& of, const AugmentationF1& f1) {
  std::vector<char> rare(of.levels.size(), 0);
  for (const int code : of.generated.cell_columns.codes(of.label, of.levels)) rare[lc::to_size(code)] = 1;
  Gnuplot g(1500, 700);
  g.line(
      "set multiplot\nset lmargin at screen 0.06\nset rmargin at screen 0.46\nset tmargin at screen 0.93\nset bmargin "
      "at screen 0.11");
  grid(g);
  augmented_panel(g, of, rare);
  std::vector<std::string> names;
  std::vector<RowScores> rows;
  for (const RowScores& method : f1.scores) rows.push_back({method.method, {}});
  for (std::size_t l = 0; l < of.levels.size() && !rows.empty(); ++l) {
    if (!rare[l] || f1.cells.at(l) == 0) continue;
    names.push_back(lc::text(of.levels[l], " (", f1.cells[l], ")"));
    for (std::size_t m = 0; m < rows.size(); ++m) rows[m].values.push_back(f1.scores[m].values.at(l));
  }
  if (!names.empty()) {
    g.line(
        "set lmargin at screen 0.64\nset rmargin at screen 0.98\nset bmargin at screen 0.30\nset xrange [0:1.02]\nset "
        "key "
        "at screen 0.62,0.17 left top maxrows 3 nobox");
    axes(g, "Held-out cells: F1 of logistic regression", "F1", "");
    score_rows(g, names, rows, 0.15);
  }
  g.draw(folder + "/augmentation.png");
}

}  // namespace plots
