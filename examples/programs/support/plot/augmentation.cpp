#include "augmentation.hpp"

#include <algorithm>
#include <cmath>

namespace plots {

namespace {

constexpr Box cells_box{90, 80, 560, 560}, key_box{670, 80, 190, 560}, scores_box{1080, 160, 460, 480};

// Levels that have a score, in equal steps where there are many.
std::vector<std::size_t> scored_levels(const AugmentationF1& f1, const std::vector<char>& rare) {
  std::vector<std::size_t> all, out;
  for (std::size_t l = 0; l < rare.size() && !f1.scores.empty(); ++l) {
    if (rare[l] != 0 && f1.cells.at(l) > 0) all.push_back(l);
  }
  const std::size_t shown = std::min<std::size_t>(all.size(), 20);
  for (std::size_t k = 0; k < shown; ++k) out.push_back(all[k * all.size() / shown]);
  return out;
}

}  // namespace

void augmented_panel(Gnuplot& g, const AugmentedCells& of, const std::vector<char>& rare) {
  const lc::Counts logs = logged(of.real.counts);
  const Plane plane = plane_of(logs);
  const lc::Categorical made{of.levels, of.generated.cell_columns.codes(of.label, of.levels)};
  lc::Categorical own{of.levels, of.real.cell_columns.codes(of.label, of.levels)};
  for (int& code : own.codes) code = code >= 0 && rare[lc::to_size(code)] != 0 ? code : lc::Categorical::missing;
  const lc::Matrix<float> cells = plane.project(logs), added = plane.project(logged(of.generated.counts));
  Legend legend({&own, &made});
  legend.unlabelled = 0;
  const std::vector<int> own_ranks = ranks_of(legend, own), made_ranks = ranks_of(legend, made);
  Points others, generated, real;
  for (const Index i : rows_to_draw(cells.rows(), 4000)) {
    if (own.codes[lc::to_size(i)] < 0) others.push_back({double(cells(i, 0)), double(cells(i, 1))});
  }
  for (const Index i : rows_to_draw(added.rows(), 3000))
    generated.push_back(
        {double(added(i, 0)), double(added(i, 1)), color_number(legend.color(made_ranks[lc::to_size(i)]), 100)});
  for (Index i = 0; i < cells.rows(); ++i) {
    if (own.codes[lc::to_size(i)] >= 0)
      real.push_back({double(cells(i, 0)), double(cells(i, 1)), color_number(legend.color(own_ranks[lc::to_size(i)]))});
  }
  g.panel(cells_box, {"Rare labels: real and generated cells", plane.axis("", 1), plane.axis("", 2),
                      lc::text("ringed: ", grouped((long long)(real.size())), " real, without ring: ",
                               grouped((long long)(added.rows())), " generated, grey: other labels")});
  set_ranges(g, frame_of({&cells, &added}, cells_box, Units::equal));
  const std::string file = g.data(real);
  g.line("plot ", g.data(others), " using 1:2 with points pointtype 7 pointsize 0.4 linecolor rgb '#d8d8d8', ",
         g.data(generated), " using 1:2:3 with points pointtype 7 pointsize 0.6 linecolor rgb variable, ", file,
         " using 1:2:3 with points pointtype 7 pointsize 0.8 linecolor rgb variable, ", file,
         " using 1:2 with points pointtype 6 pointsize 0.9 linewidth 1 linecolor rgb '#222222'");
  key_panel(g, key_box, legend, of.label);
}

void augmentation(const std::string& folder, const AugmentedCells& of, const AugmentationF1& f1) {
  attempt("augmentation", [&] {
    std::vector<char> rare(of.levels.size(), 0);
    for (const int code : of.generated.cell_columns.codes(of.label, of.levels)) {
      if (code >= 0) rare[lc::to_size(code)] = 1;
    }
    const std::vector<std::size_t> levels = scored_levels(f1, rare);
    Gnuplot g(levels.empty() ? 880 : 1600, 740);
    augmented_panel(g, of, rare);
    std::vector<std::string> names;
    std::vector<RowScores> rows;
    for (const RowScores& method : f1.scores) rows.push_back({method.method, {}});
    for (const std::size_t l : levels) {
      names.push_back(lc::text(lc::shorten_text(lc::safe_text(of.levels[l]), 17), " (", f1.cells[l], ")"));
      for (std::size_t m = 0; m < rows.size(); ++m) rows[m].values.push_back(f1.scores[m].values.at(l));
    }
    if (!names.empty()) {
      g.panel(scores_box,
              {"Held-out cells: F1 of logistic regression", "F1", "", "in brackets: number of held-out cells"});
      grid(g);
      g.line("set xrange [0:1.02]");
      score_rows(g, names, rows, 0.15);
    }
    g.draw(folder + "/augmentation");
  });
}

}  // namespace plots
