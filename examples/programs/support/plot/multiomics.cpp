#include "multiomics.hpp"

namespace plots {

void protein_panel(Gnuplot& g, const TranslatedProteins& of, std::size_t protein, const std::string& x_axis,
                   const std::string& y_axis) {
  const Index f = Index(protein);
  Points points;
  for (const Index i : rows_to_draw(of.predicted.rows(), 3000))
    points.push_back({double(of.measured(i, f)), double(of.predicted(i, f))});
  const double range = double(of.measured.col(f).maxCoeff() - of.measured.col(f).minCoeff());
  g.line("set xrange [*:*]\nset yrange [*:*]\nset xtics ", range > 4 ? 2 : 1, "\nset ytics ", range > 4 ? 2 : 1);
  char r[16];
  std::snprintf(r, sizeof r, "%.2f", of.correlation.back().values[protein]);
  axes(g, lc::text(of.names[protein], ", r ", r), x_axis, y_axis);
  g.line("plot ", g.data(points), " using 1:2 with points pointtype 7 pointsize 0.35 linecolor rgb '#60",
         generated_color + 1, "' notitle, x with lines linewidth 1 linecolor rgb '#333333' notitle");
}

void proteins(const std::string& folder, const TranslatedProteins& of) {
  const std::vector<double>& own = of.correlation.back().values;
  std::vector<std::size_t> order;
  for (std::size_t f = 0; f < of.names.size(); ++f) {
    if (std::isfinite(own[f])) order.push_back(f);
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return own[a] > own[b]; });
  const std::size_t shown = std::min<std::size_t>(order.size(), 30);
  std::vector<std::string> names;
  std::vector<RowScores> rows;
  for (const RowScores& method : of.correlation) rows.push_back({method.method, {}});
  for (std::size_t k = 0; k < shown; ++k) {
    names.push_back(of.names[order[k]]);
    for (std::size_t m = 0; m < rows.size(); ++m) rows[m].values.push_back(of.correlation[m].values[order[k]]);
  }
  Gnuplot g(1500, 820);
  g.line(
      "set multiplot\nset lmargin at screen 0.12\nset rmargin at screen 0.40\nset tmargin at screen 0.93\nset bmargin "
      "at screen 0.10\nset xrange [*:1]\nset key top left reverse Left");
  grid(g);
  axes(g, "correlation over held-out cells", "Pearson r", "");
  score_rows(g, names, rows, 0);
  g.line("unset key");
  const std::size_t panels = std::min<std::size_t>(6, order.size());
  for (std::size_t k = 0; k < panels; ++k) {
    const double left = 0.475 + 0.18 * double(k % 3), bottom = k < 3 ? 0.58 : 0.10;
    g.line("set lmargin at screen ", left, "\nset rmargin at screen ", left + 0.135, "\nset bmargin at screen ", bottom,
           "\nset tmargin at screen ", bottom + 0.35);
    const std::size_t protein = order[panels == 1 ? 0 : k * (order.size() - 1) / (panels - 1)];
    protein_panel(g, of, protein, k < 3 ? "" : "measured, log1p", k % 3 == 0 ? "predicted" : "");
  }
  g.draw(folder + "/proteins.png");
}

}  // namespace plots
