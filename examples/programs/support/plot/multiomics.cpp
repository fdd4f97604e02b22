#include "multiomics.hpp"

#include <algorithm>
#include <cmath>

namespace plots {

void protein_panel(Gnuplot& g, const Box& box, const TranslatedProteins& of, std::size_t protein,
                   const std::string& title) {
  const Index f = Index(protein);
  Points points;
  for (const Index i : rows_to_draw(of.predicted.rows(), 3000))
    points.push_back({double(of.measured(i, f)), double(of.predicted(i, f))});
  std::string words = "r " + fixed(of.correlation.back().values[protein], 2);
  if (of.correlation.size() > 1)
    words += "; " + of.correlation.front().method + " " + fixed(of.correlation.front().values[protein], 2);
  g.panel(box, {title, "measured (log1p)", "predicted", words});
  grid(g);
  const Frame frame = square_frame(points, box);
  set_ranges(g, frame);
  const double step = frame.right - frame.left > 5 ? 2 : frame.right - frame.left > 2 ? 1 : 0;
  if (step > 0) g.line("set xtics ", step, "\nset ytics ", step);
  agreement(g, points, generated_color);
}

void proteins(const std::string& folder, const TranslatedProteins& of) {
  attempt("proteins", [&] {
    const std::vector<double>& own = of.correlation.back().values;
    std::vector<std::size_t> order;
    for (std::size_t f = 0; f < of.names.size(); ++f) {
      if (std::isfinite(own[f])) order.push_back(f);
    }
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return own[a] > own[b]; });
    const auto step = [&](std::size_t k, std::size_t shown) {
      return shown < 2 ? 0 : k * (order.size() - 1) / (shown - 1);
    };
    const std::size_t shown = std::min<std::size_t>(order.size(), 30);
    std::vector<std::string> names;
    std::vector<RowScores> rows;
    for (const RowScores& method : of.correlation) rows.push_back({method.method, {}});
    for (std::size_t k = 0; k < shown; ++k) {
      const std::size_t f = order[step(k, shown)];
      names.push_back(of.names[f]);
      for (std::size_t m = 0; m < rows.size(); ++m) rows[m].values.push_back(of.correlation[m].values[f]);
    }
    Gnuplot g(1640, 960);
    const std::string which = shown == order.size() ? lc::text("all ", shown) : lc::text(shown, " of ", order.size());
    g.panel({200, 150, 420, 720},
            {"Correlation over held-out cells", "Pearson r", "",
             lc::text(which, " proteins", shown < order.size() ? ", in equal steps from best to worst; " : "; ",
                      grouped(of.measured.rows()), " cells")});
    grid(g);
    double low = 0.9;
    for (const RowScores& row : rows) {
      for (const double r : row.values) low = std::isfinite(r) ? std::min(low, std::floor(10 * r - 0.2) / 10) : low;
    }
    g.line("set xrange [", low, ":1.01]\nset xtics ", low < 0.35 ? 0.2 : low < 0.75 ? 0.1 : 0.05);
    score_rows(g, names, rows, 0);
    const std::size_t panels = std::min<std::size_t>(6, order.size());
    for (std::size_t k = 0; k < panels; ++k) {
      const std::size_t at = step(k, panels), f = order[at];
      const std::string place = at == 0 ? "best" : at + 1 == order.size() ? "worst" : lc::text("no. ", at + 1);
      protein_panel(g, {710 + 320.0 * double(k % 3), k < 3 ? 590.0 : 130.0, 240, 240}, of, f,
                    lc::text(lc::shorten_text(lc::safe_text(of.names[f]), 20), ": ", place, " of ", order.size()));
    }
    g.draw(folder + "/proteins");
  });
}

}  // namespace plots
