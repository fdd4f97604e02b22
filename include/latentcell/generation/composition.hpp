#pragma once

#include <algorithm>
#include <span>
#include <utility>
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

/// Samples labels and the batch covariate in the proportions of a composition, part by part. Whole passes through the
/// cells keep the proportions exactly; the rest is drawn without replacement. Parts are together what one part is.
class CompositionSampler {
 public:
  /// Throws std::invalid_argument where no cell has one of the labels.
  CompositionSampler(Composition of, const SampleCompositionOptions& o, const Rng& rng)
      : of_(std::move(of)), rng_(rng) {
    check_options("sample_composition", o);
    for (Index i = 0; i < Index(of_.label.size()); ++i) {
      if (o.labels.empty() || std::count(o.labels.begin(), o.labels.end(), of_.label[to_size(i)]) > 0)
        pool_.push_back(i);
    }
    LATENTCELL_REQUIRE(!pool_.empty(), "sample_composition: none of ", of_.label.size(), " cells has one of the ",
                       o.labels.size(), " labels");
    left_ = o.count > 0 ? o.count : Index(pool_.size());
    at_ = pool_.size();
  }

  /// Cells that are still to come.
  Index left() const { return left_; }
  /// The random numbers after what came so far.
  const Rng& rng() const { return rng_; }

  /// Returns the next cells, or those that are left where they are fewer.
  Composition next(Index count) {
    Composition out;
    each(count, [&](Index i) {
      out.label.push_back(of_.label[to_size(i)]);
      if (!of_.batch_covariate.empty()) out.batch_covariate.push_back(of_.batch_covariate[to_size(i)]);
    });
    return out;
  }
  /// Passes over the next cells: cheap.
  void skip(Index count) {
    each(count, [](Index) {});
  }

 private:
  template <class F>
  void each(Index count, const F& f) {
    for (count = std::min(count, left_); count > 0; --count, --left_) {
      if (at_ == pool_.size()) {
        shuffle(std::span<Index>(pool_), rng_);
        at_ = 0;
      }
      f(pool_[at_++]);
    }
  }

  Composition of_;
  Rng rng_;
  std::vector<Index> pool_;
  std::size_t at_ = 0;
  Index left_ = 0;
};

/// Samples labels and the batch covariate in the proportions of a composition, as CompositionSampler does, at once.
/// Throws std::invalid_argument where no cell has one of the labels.
inline Composition sample_composition(const Composition& of, const SampleCompositionOptions& o, Rng& rng) {
  CompositionSampler sampler(of, o, rng);
  Composition out = sampler.next(sampler.left());
  rng = sampler.rng();
  return out;
}

}  // namespace latentcell::generation
