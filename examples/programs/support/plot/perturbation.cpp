#include "perturbation.hpp"

#include <algorithm>
#include <cmath>

#include <latentcell/data/align_genes.hpp>
#include <latentcell/metric/moments.hpp>

namespace plots {

void gene_changes(Gnuplot& g, const Box& box, const PerturbedGroup& of, const lc::Counts (&logs)[3]) {
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
  const std::string genes = grouped((long long)(changes.size())) + " genes";
  g.panel(box, {lc::text(of.group, " under ", of.condition, ": each gene's change"), "true change of mean log1p(CP10K)",
                "predicted change", lc::text(of.scores, of.scores.empty() ? "" : "; ", genes)});
  grid(g);
  const Frame frame = square_frame(changes, box);
  set_ranges(g, frame);
  name_points(g, changes, order, of.control.gene_names, 14, frame);
  agreement(g, changes, "#444444");
}

void perturbation(const std::string& folder, const PerturbedGroup& of) {
  const std::string name = file_name(of.group + "_" + of.condition);
  attempt(name, [&] {
    const auto logs_of = [&](const lc::CellTable& cells) {
      return logged(lc::align_genes(cells, of.control.gene_names).cells.counts);
    };
    const lc::Counts logs[] = {logs_of(of.control), logs_of(of.predicted), logs_of(of.truth)};
    const Box left{110, 80, 600, 600}, right{860, 80, 600, 600};
    Gnuplot g(1500, 790);
    gene_changes(g, left, of, logs);
    lc::Counts real = logs[0];
    for (Index i = 0; i < logs[2].rows(); ++i) real.push_row(logs[2].view(), i);
    const Plane plane = plane_of(real);
    const lc::Matrix<float> control = plane.project(logs[0]), predicted = plane.project(logs[1]),
                            truth = plane.project(logs[2]);
    const std::vector<ColoredSet> sets{{"control", "#9a9a9a", control, 2000},
                                       {"true, held out", real_color, truth, 2000},
                                       {"predicted", generated_color, predicted, 2000}};
    g.panel(right, {of.group + ": cells", plane.axis("", 1), plane.axis("", 2),
                    "components of control and true cells; at most 2,000 of each are drawn", key_of(sets)});
    set_ranges(g, frame_of({&control, &predicted, &truth}, right, Units::equal));
    colored_sets(g, sets);
    g.draw(folder + "/" + name);
  });
}

}  // namespace plots
