#pragma once

#include <string>
#include <vector>

#include <latentcell/data/latent_table.hpp>

#include "plots.hpp"

namespace plots {

/// Latents of remembered and new cells in their two PCs: by label, and how sure the new cells' labels are.
inline void draw_transfer(const std::string& folder, const lc::LatentTable& remembered, const lc::LatentTable& cells,
                          const lc::Categorical& found, const std::vector<double>& confidence,
                          const std::string& label) {
  lc::Matrix<float> both(remembered.cells() + cells.cells(), cells.latent());
  both << remembered.mean, cells.mean;
  const Plane plane = plane_of(both);
  const lc::Categorical known = remembered.cell_columns.labels(label);
  const Cloud a{plane.project(lc::view(remembered.mean)), known}, b{plane.project(lc::view(cells.mean)), found};
  const Legend legend({&known, &found});
  Gnuplot g(1300, 1150);
  g.line("set multiplot layout 2,2 margins 0.07,0.96,0.06,0.95 spacing 0.10,0.11\nunset key");
  same_ranges(g, {&a, &b});
  const std::string x = plane.axis("latent ", 1), y = plane.axis("latent ", 2);
  axes(g, "What the model remembers, by " + label, x, y);
  g.line("plot ", colored_points(g, a, legend, rows_to_draw(a.at.rows(), 4000)));
  axes(g, "New cells, by the label found", x, y);
  const std::vector<Index> shown = rows_to_draw(b.at.rows(), 4000);
  g.line("plot ", colored_points(g, b, legend, shown));
  axes(g, "New cells, share of neighbors that agree", x, y);
  Points sure;
  for (const Index i : shown) sure.push_back({double(b.at(i, 0)), double(b.at(i, 1)), confidence[lc::to_size(i)]});
  g.line(
      "set palette defined (0 '#D55E00', 0.5 '#F0E442', 1 '#0072B2')\nset cbrange [0.3:1]\nset colorbox user origin "
      "0.47,0.08 size 0.012,0.3");
  g.line("plot ", g.data(sure), " using 1:2:3 with points pointtype 7 pointsize 0.6 palette notitle");
  key_panel(g, legend, label);
  g.draw(folder + "/transfer.png");
}

}  // namespace plots
