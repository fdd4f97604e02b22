#pragma once

#include <string>
#include <vector>

#include <latentcell/data/split.hpp>
#include <latentcell/latent/sample_counts.hpp>
#include <latentcell/perturbation/model.hpp>

namespace LATENTCELL_NAMESPACE::perturbation {

namespace detail {

/// Sums of the latents of each group in control and under one condition, and numbers of cells.
struct GroupLatentSums {
  Matrix<float> control, perturbed;                    // (groups, D)
  std::vector<double> control_cells, perturbed_cells;  // (groups)

  GroupLatentSums(Index groups, Index d)
      : control(Matrix<float>::Zero(groups, d)),
        perturbed(control),
        control_cells(to_size(groups)),
        perturbed_cells(to_size(groups)) {}
};

}  // namespace detail

/// Baseline: adds the mean displacement of the other groups' latents to those of the group's control cells (scGen,
/// Lotfollahi et al. 2019), and samples counts from the model's likelihood.
///
/// train (N, G), latents (N, D) of the same cells -> one cell per control cell of the group
inline CellTable latent_arithmetic(const Model& model, const CellTable& train, const LatentTable& latents,
                                   const std::string& group, const std::string& condition, Rng& rng) {
  const Options& o = model.options;
  const Categorical of_cell = train.obs(o.condition);
  const Categorical groups = group_labels(train.cell_columns, o);
  const auto is_own = [&](std::size_t g) { return o.group.empty() || groups.levels[g] == group; };
  const Index d = latents.latent();
  detail::GroupLatentSums sums(Index(groups.levels.size()), d);
  std::vector<Index> own;
  for (Index i = 0; i < train.cells(); ++i) {
    const int g = groups.codes[to_size(i)], c = of_cell.codes[to_size(i)];
    if (g < 0 || c < 0) continue;
    const std::string& name = of_cell.levels[std::size_t(c)];
    if (name == o.control) {
      sums.control.row(g) += latents.mean.row(i);
      sums.control_cells[std::size_t(g)] += 1;
      if (is_own(std::size_t(g))) own.push_back(i);
    } else if (name == condition) {
      sums.perturbed.row(g) += latents.mean.row(i);
      sums.perturbed_cells[std::size_t(g)] += 1;
    }
  }
  RowVector<float> displacement = RowVector<float>::Zero(d);
  float used = 0;
  for (std::size_t g = 0; g < groups.levels.size(); ++g) {
    const double before = sums.control_cells[g], after = sums.perturbed_cells[g];
    if (before < 1 || after < 1 || (!o.group.empty() && is_own(g))) continue;
    displacement += sums.perturbed.row(Index(g)) / float(after) - sums.control.row(Index(g)) / float(before);
    used += 1;
  }
  LatentTable z = latents.select_cells(own);
  z.mean = z.drawn(rng);
  if (used > 0) z.mean.rowwise() += displacement / used;
  return draw(model.vae, z, rng, {.strata = std::vector<int>(own.size(), 0)});
}

}  // namespace latentcell::perturbation
