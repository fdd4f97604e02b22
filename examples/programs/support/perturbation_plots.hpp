#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <latentcell/data/align_genes.hpp>
#include <latentcell/metric/moments.hpp>

#include "plots.hpp"

namespace plots {

/// One held-out group: the change of each gene, predicted against true, with the most changed genes named; and control,
/// true and predicted cells in two principal components.
inline void draw_perturbation(const std::string& folder, const std::string& group, const std::string& condition,
                              const lc::CellTable& control, const lc::CellTable& predicted,
                              const lc::CellTable& truth) {
  const auto logs = [&](const lc::CellTable& cells) {
    return lc::kernel::log_normalize(lc::align_genes(cells, control.gene_names).cells.counts);
  };
  const lc::Counts before = logs(control), told = logs(predicted), after = logs(truth);
  const auto a = lc::metric::gene_moments(before), b = lc::metric::gene_moments(told),
             c = lc::metric::gene_moments(after);
  Gnuplot g(1500, 720);
  g.line(
      "set multiplot layout 1,2 margins 0.06,0.98,0.11,0.92 spacing 0.09\nset key top left reverse Left\n"
      "set grid linetype 1 linewidth 1 linecolor rgb '#e8e8e8'");
  Points changes;
  std::vector<Index> order;
  for (std::size_t k = 0; k < a.mean.size(); ++k) {
    changes.push_back({c.mean[k] - a.mean[k], b.mean[k] - a.mean[k]});
    order.push_back(Index(k));
  }
  std::sort(order.begin(), order.end(), [&](Index i, Index j) {
    return std::abs(changes[lc::to_size(i)][0]) > std::abs(changes[lc::to_size(j)][0]);
  });
  axes(g, lc::text(group, " under ", condition, ": each gene's change"), "true change of mean log1p(CP10K)",
       "predicted change");
  name_points(g, changes, order, control.gene_names, 12);
  agreement(g, changes, "x");
  g.line("unset label");

  const lc::Counts all = [&] {
    lc::Counts out = before;
    const lc::CountsView more = after.view();
    for (Index i = 0; i < more.rows; ++i) out.push_row(more, i);
    return out;
  }();
  const Plane plane = plane_of(all);
  struct Part {
    const char *name, *color;
    lc::Matrix<float> at;
  };
  const Part parts[] = {{"control", "#9a9a9a", plane.project(before)},
                        {"true", real_color, plane.project(after)},
                        {"predicted", made_color, plane.project(told)}};
  Points cells;
  std::vector<std::pair<Index, Index>> which;
  for (Index p = 0; p < 3; ++p) {
    for (Index i = 0; i < parts[p].at.rows(); ++i) which.emplace_back(p, i);
  }
  for (const Index i : rows_to_draw(Index(which.size()), std::min<Index>(Index(which.size()), 4000))) {
    const auto& [p, row] = which[lc::to_size(i)];
    cells.push_back({double(parts[p].at(row, 0)), double(parts[p].at(row, 1)), color_number(parts[p].color, 90)});
  }
  g.line("set xrange [*:*]\nset yrange [*:*]");
  axes(g, lc::text(group, ": cells"), plane.axis("", 1), plane.axis("", 2));
  std::string entries;
  for (const Part& p : parts) {
    entries +=
        lc::text(", keyentry with points pointtype 7 pointsize 1.3 linecolor rgb '", p.color, "' title '", p.name, "'");
  }
  g.line("plot ", g.data(cells), " using 1:2:3 with points pointtype 7 pointsize 0.7 linecolor rgb variable notitle",
         entries);
  std::string name = group + "_" + condition;
  for (char& letter : name) {
    const bool plain = std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '+' || letter == '-';
    if (!plain) letter = '_';
  }
  g.draw(folder + "/" + name + ".png");
}

}  // namespace plots
