#include "mapping.hpp"

namespace plots {

void mapped_labels(const std::string& folder, const MappedLabels& of) {
  lc::Matrix<float> both(of.reference.cells() + of.query.cells(), of.query.latent());
  both << of.reference.mean, of.query.mean;
  const Plane plane = plane_of(both);
  const lc::Categorical reference = of.reference.cell_columns.labels(of.column);
  const Cloud a{plane.project(lc::view(of.reference.mean)), reference},
      b{plane.project(lc::view(of.query.mean)), of.label};
  const Legend legend({&reference, &of.label});
  Gnuplot g(1300, 1150);
  g.line("set multiplot layout 2,2 margins 0.07,0.96,0.06,0.95 spacing 0.10,0.11\nunset key");
  same_ranges(g, {&a, &b});
  const std::string x = plane.axis("latent ", 1), y = plane.axis("latent ", 2);
  axes(g, "Reference cells by " + of.column, x, y);
  g.line("plot ", colored_points(g, a, legend, rows_to_draw(a.at.rows(), 4000)));
  axes(g, "Query cells by predicted label", x, y);
  const std::vector<Index> shown = rows_to_draw(b.at.rows(), 4000);
  g.line("plot ", colored_points(g, b, legend, shown));
  axes(g, "Query cells, share of neighbors that agree", x, y);
  Points sure;
  for (const Index i : shown) sure.push_back({double(b.at(i, 0)), double(b.at(i, 1)), of.confidence[lc::to_size(i)]});
  g.line(
      "set palette defined (0 '#D55E00', 0.5 '#F0E442', 1 '#0072B2')\nset cbrange [0.3:1]\nset colorbox user origin "
      "0.47,0.08 size 0.012,0.3");
  note_if_empty(g, sure);
  g.line("plot ", g.data(sure), " using 1:2:3 with points pointtype 7 pointsize 0.6 palette notitle");
  key_panel(g, legend, of.column);
  g.draw(folder + "/transfer.png");
}

}  // namespace plots
