#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <latentcell/core/median.hpp>
#include <latentcell/core/options.hpp>
#include <latentcell/generation/composition.hpp>
#include <latentcell/generation/model.hpp>
#include <latentcell/generation/oversample.hpp>
#include <latentcell/latent/encode.hpp>
#include <latentcell/latent/gene_mean_correction.hpp>
#include <latentcell/latent/sample_counts.hpp>

namespace LATENTCELL_NAMESPACE::generation {

/// Cells that each label has, and how many it lacks.
struct LabelDeficit {
  Index min_cells = 0;         ///< cells that every label shall have
  std::vector<Index> cells;    ///< (K) cells of each label
  std::vector<Index> deficit;  ///< (K) cells to be added; 0 for a label without cells
};

/// Counts the cells of each label and what they lack to `min_cells`; 0: the median over the labels that have cells.
/// codes (N), negative where missing -> (K = labels)
/// Throws std::invalid_argument for a negative `min_cells`, and without any labelled cell where it is 0.
inline LabelDeficit label_deficit(const std::vector<int>& codes, Index labels, Index min_cells = 0) {
  LATENTCELL_REQUIRE(min_cells >= 0, "label_deficit: min_cells must not be negative, got ", min_cells);
  LabelDeficit out{.min_cells = min_cells,
                   .cells = std::vector<Index>(to_size(labels), 0),
                   .deficit = std::vector<Index>(to_size(labels), 0)};
  for (const int code : codes) {
    if (code >= 0) ++out.cells.at(to_size(code));
  }
  if (min_cells == 0) {
    std::vector<Index> present;
    for (const Index n : out.cells) {
      if (n > 0) present.push_back(n);
    }
    LATENTCELL_REQUIRE(!present.empty(), "label_deficit: no cell has a label");
    out.min_cells = median(std::move(present));
  }
  for (std::size_t l = 0; l < out.cells.size(); ++l) {
    if (out.cells[l] > 0) out.deficit[l] = std::max<Index>(0, out.min_cells - out.cells[l]);
  }
  return out;
}

/// Where the cells that a rare label lacks come from.
enum class AugmentMethod {
  generated,  ///< the model's flow and decoder
  mixed,      ///< mixtures of two real cells of the label, see mix_cells; neighbors in the model's latents
  copies,     ///< real cells of the label, once more
  none,       ///< nowhere: nothing is added
};

/// Settings of augmentation.
struct AugmentOptions {
  AugmentMethod method = AugmentMethod::generated;  ///< choose_augmentation finds the best for classifiers
  double fill = 1;          ///< share of what a label lacks that is added, in [0, 1]. Larger: more cells
  Index neighbors = 5;      ///< of a cell, with which it is mixed
  Index min_cells = 0;      ///< real and generated cells that every label shall have; 0: the median label's number
  Index steps = 25;         ///< of the sampler, at least 1
  double pseudo_count = 2;  ///< counts of a gene in a label at which real cells and model weigh the same in its mean,
                            ///< above 0. Larger: the model is corrected less
  float guidance = 1.1f;    ///< classifier-free guidance; 1: none. Larger: more typical, less varied cells

  static void visit(auto& self, auto&& f) {
    f("method", self.method);
    f("fill", self.fill, in(0, 1));
    f("neighbors", self.neighbors, at_least(1));
    f("min_cells", self.min_cells, at_least(0));
    f("steps", self.steps, at_least(1));
    f("pseudo_count", self.pseudo_count, above(0));
    f("guidance", self.guidance, finite());
  }
};

namespace detail {

/// Labels of the cells that each label lacks, each with the batch covariate of a random real cell of its label.
inline Composition deficit_composition(const Composition& real, const LabelDeficit& lacks, Rng& rng) {
  Composition out;
  for (std::size_t l = 0; l < lacks.deficit.size(); ++l) {
    std::vector<int> levels;
    for (std::size_t i = 0; i < real.label.size(); ++i) {
      if (real.label[i] == int(l)) levels.push_back(real.batch_covariate[i]);
    }
    for (Index i = 0; i < lacks.deficit[l]; ++i) {
      out.label.push_back(int(l));
      out.batch_covariate.push_back(levels[std::size_t(rng.below(levels.size()))]);
    }
  }
  return out;
}

}  // namespace detail

/// Returns the cells that rare labels lack, by `method`; the real cells are not part of the result. Gene means of a
/// label's generated cells are corrected to those of its real cells (group_gene_scales). cells: the training cells or
/// others of the same genes -> (sum of deficits, G) with the label in obs and, where the model has a batch covariate,
/// its levels in the proportions of the label's real cells
template <class Backbone>
CellTable augment(const ModelOf<Backbone>& model, const CellTable& cells, Rng& rng, const AugmentOptions& o = {}) {
  check_options("augment", o);
  const auto& names = model.options;
  const Index levels = Index(names.levels.size());
  const Composition real{cells.cell_columns.codes(names.label, names.levels),
                         cells.cell_columns.codes(names.batch_covariate, names.batch_covariate_levels)};
  LabelDeficit lacks = label_deficit(real.label, levels, o.min_cells);
  for (Index& n : lacks.deficit) n = o.method == AugmentMethod::none ? 0 : Index(std::lround(o.fill * double(n)));
  const Composition added = detail::deficit_composition(real, lacks, rng);
  if (o.method == AugmentMethod::copies) return copy_cells({cells, real.label}, added.label, rng);
  if (o.method == AugmentMethod::mixed)
    return mix_cells({cells, real.label}, encode(model.vae, cells).mean, added.label, o.neighbors, rng);
  const LatentTable z = model.flow.generate(
      {.cells = labelled(names.label, {names.levels, added.label}), .steps = o.steps, .guidance = o.guidance}, rng);
  const bool has_batch_covariate = !names.batch_covariate_levels.empty();
  CellTable out =
      draw(model.vae, z, rng,
           {.batch_covariate = has_batch_covariate ? added.batch_covariate : std::vector<int>{},
            .strata = added.label,
            .correction = {.groups = added.label,
                           .gene_scale = group_gene_scales(model.vae, cells.counts, real.label, z, added.label,
                                                           {.groups = levels, .pseudo_count = o.pseudo_count})}});
  if (has_batch_covariate)
    out.cell_columns.set(names.batch_covariate, Categorical{names.batch_covariate_levels, added.batch_covariate});
  return out;
}

}  // namespace latentcell::generation
