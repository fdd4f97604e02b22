#include "perturbation.hpp"

namespace plots {

std::string file_name(std::string words) {
  for (char& letter : words) {
    const bool plain = std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '+' || letter == '-';
    if (!plain) letter = '_';
  }
  return words;
}

void gene_changes(Gnuplot& g, const PerturbedGroup& of, const lc::Counts (&logs)[3]) {
  const auto control = lc::metric::gene_moments(logs[0]), predicted = lc::metric::gene_moments(logs[1]),
             truth = lc::metric::gene_moments(logs[2]);
  Points changes;
  std::vector<Index> order;
  for (std::size_t k = 0; k < control.mean.size(); ++k) {
    changes.push_back({truth.mean[k] - control.mean[k], predicted.mean[k] - control.mean[k]});
    order.push_back(Index(k));
  }
  std::sort(order.begin(), order.end(), [&](Index i, Index j) {
    return std::abs(changes[lc::to_size(i)][0]) > std::abs(changes[lc::to_size(j)][0]);
  });
  axes(g, lc::text(of.group, " under ", of.condition, ": each gene's change"), "true change of mean log1p(CP10K)",
       "predicted change");
  name_points(g, changes, order, of.control.gene_names, 12);
  agreement(g, changes);
  g.line("unset label");
}

void perturbation(const std::string& folder, const PerturbedGroup& of) {
  const auto logs_of = [&](const lc::CellTable& cells) {
    return logged(lc::align_genes(cells, of.control.gene_names).cells.counts);
  };
  const lc::Counts logs[] = {logs_of(of.control), logs_of(of.predicted), logs_of(of.truth)};
  Gnuplot g(1500, 720);
  g.line("set multiplot layout 1,2 margins 0.06,0.98,0.11,0.92 spacing 0.09\nset key top left reverse Left");
  grid(g);
  gene_changes(g, of, logs);
  lc::Counts real = logs[0];
  for (Index i = 0; i < logs[2].rows(); ++i) real.push_row(logs[2].view(), i);
  const Plane plane = plane_of(real);
  g.line("set xrange [*:*]\nset yrange [*:*]");
  axes(g, of.group + ": cells", plane.axis("", 1), plane.axis("", 2));
  colored_sets(g, {{"control", "#9a9a9a", plane.project(logs[0]), 2000},
                   {"true", real_color, plane.project(logs[2]), 2000},
                   {"predicted", generated_color, plane.project(logs[1]), 2000}});
  g.draw(folder + "/" + file_name(of.group + "_" + of.condition) + ".png");
}

}  // namespace plots
