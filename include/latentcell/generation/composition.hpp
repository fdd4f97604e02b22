#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/random_draw.hpp>
#include <latentcell/data/cell_table.hpp>
#include <latentcell/generation/model.hpp>

namespace LATENTCELL_NAMESPACE::generation {

/// Label and batch covariate of each cell of a set; -1 is unknown.
struct Composition {
  std::vector<int> label;            ///< (N) codes of the model's levels
  std::vector<int> batch_covariate;  ///< (N) codes of its levels; empty: the model has none
};

/// Returns the labels and the batch covariate of a table, as codes of the model.
template <class Backbone>
Composition composition_of(const ModelOf<Backbone>& model, const CellTable& cells) {
  const auto& o = model.options;
  return {cells.cell_columns.codes(o.label, o.levels),
          o.batch_covariate.empty() ? std::vector<int>{}
                                    : cells.cell_columns.codes(o.batch_covariate, o.batch_covariate_levels)};
}

/// Returns the labels and the batch covariate of the training cells, sorted by label.
template <class Backbone>
Composition training_composition(const ModelOf<Backbone>& model) {
  auto [label, batch_covariate] = model.training_labels();
  if (model.options.batch_covariate.empty()) batch_covariate.clear();
  return {std::move(label), std::move(batch_covariate)};
}

/// Which cells of a composition are sampled.
struct SampleCompositionOptions {
  std::vector<int> labels = {};  ///< codes of the only labels to take; empty: all
  Index count = 0;               ///< cells; 0: as many as there are of these labels

  static void visit(auto& self, auto&& f) {
    f("labels", self.labels, each(at_least(-1)));
    f("count", self.count, at_least(0));
  }
};

/// Samples labels and the batch covariate in the proportions of a composition. Whole passes through the cells keep the
/// proportions exactly; the rest is drawn without replacement.
/// Throws std::invalid_argument where no cell has one of the labels.
inline Composition sample_composition(const Composition& of, const SampleCompositionOptions& o, Rng& rng) {
  check_options("sample_composition", o);
  std::vector<Index> pool;
  for (Index i = 0; i < Index(of.label.size()); ++i) {
    if (o.labels.empty() || std::count(o.labels.begin(), o.labels.end(), of.label[to_size(i)]) > 0) pool.push_back(i);
  }
  LATENTCELL_REQUIRE(!pool.empty(), "sample_composition: none of ", of.label.size(), " cells has one of the ",
                     o.labels.size(), " labels");
  const Index count = o.count > 0 ? o.count : Index(pool.size());
  Composition out;
  while (Index(out.label.size()) < count) {
    shuffle(std::span<Index>(pool), rng);
    for (const Index i : pool) {
      if (Index(out.label.size()) == count) break;
      out.label.push_back(of.label[to_size(i)]);
      if (!of.batch_covariate.empty()) out.batch_covariate.push_back(of.batch_covariate[to_size(i)]);
    }
  }
  return out;
}

}  // namespace latentcell::generation
