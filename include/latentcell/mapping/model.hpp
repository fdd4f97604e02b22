#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

#include <latentcell/autodiff/visit.hpp>
#include <latentcell/core/options.hpp>
#include <latentcell/generation/model.hpp>
#include <latentcell/mapping/label_parts.hpp>
#include <latentcell/mapping/label_pool.hpp>

namespace LATENTCELL_NAMESPACE::mapping {

struct Options {
  Index replay = 2000;          ///< cells generated to stand for the reference. Larger: the model changes less
  Index min_cells = 30;         ///< of them at least so many per label
  int rounds = 3;               ///< of training and labelling; 0: the model as it is
  Index steps = 400;            ///< training steps in a round. Larger: follows the query further
  Index batch = 64;             ///< cells in a minibatch
  float learning_rate = 3e-4f;  ///< peak of each round
  float dropout = 0.3f;         ///< of that training; dropout, kl_weight and count_thinning as in VaeOptions
  float kl_weight = 0.5f;
  float count_thinning = 0.7f;
  Index neighbors = 15;   ///< that vote on a label, in the latent and in principal components each
  Index components = 30;  ///< principal components of labelled and query cells together
  LabelPoolOptions pool = {};
  std::uint64_t seed = 0;

  static void visit(auto& self, auto&& f) {
    f("replay", self.replay, at_least(1));
    f("min_cells", self.min_cells, at_least(1));
    f("rounds", self.rounds, at_least(0));
    f("steps", self.steps, at_least(1));
    f("batch", self.batch, at_least(1));
    f("learning_rate", self.learning_rate, above(0));
    f("dropout", self.dropout, in_half_open(0, 1));
    f("kl_weight", self.kl_weight, at_least(0));
    f("count_thinning", self.count_thinning, above_up_to(0, 1));
    f("neighbors", self.neighbors, at_least(1));
    f("components", self.components, at_least(1));
    f("pool", self.pool);
    f("seed", self.seed);
  }
};

namespace detail {

/// Copies parameters into a model of the same layers with fewer genes and one more level of the batch covariate: of a
/// shorter dimension the entries in `genes`, of a longer one all, followed by the mean of the last `levels`, which are
/// the columns of the batch covariate.
template <class Model>
void copy_shared_parameters(const Model& from, Model& to, const std::vector<Index>& genes, Index levels) {
  std::vector<const Matrix<float>*> source;
  visit_state(from, [&](std::string_view, const auto& p) { source.push_back(&p.value); });
  std::size_t at = 0;
  visit_state(to, [&](std::string_view, auto& p) {
    const Matrix<float>& old = *source[at++];
    const bool fewer_rows = p.value.rows() < old.rows(), fewer_cols = p.value.cols() < old.cols();
    for (Index i = 0; i < p.value.rows(); ++i) {
      const Index row = fewer_rows ? genes[to_size(i)] : i;
      double of_levels = 0;
      for (Index j = old.cols() - levels; j < old.cols() && p.value.cols() > old.cols(); ++j)
        of_levels += double(old(row, j)) / double(levels);
      for (Index j = 0; j < p.value.cols(); ++j) {
        const Index col = fewer_cols ? genes[to_size(j)] : j;
        p.value(i, j) = col < old.cols() ? old(row, col) : float(of_levels);
      }
    }
  });
}

/// Rows of the reference's genes that the query has too, ascending.
inline std::vector<Index> shared_rows(const std::vector<std::string>& reference,
                                      const std::vector<std::string>& query) {
  const std::unordered_set<std::string_view> have(query.begin(), query.end());
  std::vector<Index> out;
  for (std::size_t g = 0; g < reference.size(); ++g) {
    if (have.count(reference[g]) > 0) out.push_back(Index(g));
  }
  return out;
}

/// The reference generator for some of its genes, with the query as one more level of the batch covariate.
template <class Backbone>
generation::ModelOf<Backbone> narrowed(const generation::ModelOf<Backbone>& reference, const std::vector<Index>& genes,
                                       const std::string& level, const Options& how) {
  generation::OptionsOf<Backbone> o = reference.options;
  LATENTCELL_REQUIRE(o.likelihood.dispersion != Dispersion::gene_batch,
                     "mapping::Model: a reference with Dispersion::gene_batch has no dispersion for a new level; train "
                     "it with Dispersion::gene_cell or Dispersion::gene");
  std::vector<std::string>& levels = o.batch_covariate_levels;
  if (levels.empty()) {
    o.batch_covariate = "data_set";
    levels = {"reference"};
  }
  LATENTCELL_REQUIRE(std::find(levels.begin(), levels.end(), level) == levels.end(),
                     "mapping::Model: the reference has a level '", level,
                     "' of the batch covariate already; "
                     "give the query another name");
  levels.push_back(level);
  o.vae.dropout = how.dropout;
  o.vae.kl_weight = how.kl_weight;
  o.vae.count_thinning = how.count_thinning;
  o.vae.genes = Index(genes.size());
  o.vae.batch_covariate_levels = Index(levels.size());
  Rng rng(0);
  generation::ModelOf<Backbone> out(o, rng);
  copy_shared_parameters(reference.vae, out.vae, genes, reference.options.vae.batch_covariate_levels);
  copy_shared_parameters(reference.flow, out.flow, genes, 0);
  for (std::size_t k = 0; k < genes.size(); ++k) {
    out.gene_scale.value.col(Index(k)) = reference.gene_scale.value.col(genes[k]);
    out.vae.gene_names.push_back(reference.vae.gene_names[to_size(genes[k])]);
  }
  return out;
}

}  // namespace detail

/// A trained generator adapted to a query of other genes, which is one more level of its batch covariate, with the
/// cells that label the query's: replay cells in the latent, and in components the reference's own cells where fit was
/// given them, else the replay cells too. A value that is trained (fit.hpp), asked for labels (predict.hpp), saved and
/// loaded (io.hpp).
template <class Backbone>
struct ModelOf {
  static_assert(std::is_same_v<typename Backbone::Scalar, float>,
                "mapping::ModelOf is float: give it a backbone of float");
  using Options = mapping::Options;
  using Generator = generation::ModelOf<Backbone>;
  static constexpr std::string_view kind = "mapping";

  Options options;
  Generator generator;                // in the shared genes, with the query as the last level of the batch covariate
  Buffer<float> replay_label;         // (R, 1) codes of the generator's levels
  Buffer<float> replay_latent;        // (R, D)
  Buffer<float> labelled_label;       // (N, 1)
  Buffer<float> labelled_components;  // (N, K)
  Buffer<float> component_mean;       // (1, G) of log1p(CP10K) in labelled and query cells together
  Buffer<float> component_axes;       // (K, G) orthonormal rows
  Buffer<float> logistic;             // (L, K + 1) scores of labels in components
  Buffer<float> part_weight;          // (1, P) of label_parts

  /// Narrows a trained generator to the genes that the query has too, and adds the query to the batch covariate.
  /// genes: the query's; level: its name
  /// Throws std::invalid_argument where no gene is shared and for a level that the reference has already.
  ModelOf(const Generator& reference, const std::vector<std::string>& genes, const std::string& level,
          const Options& o = {})
      : ModelOf(detail::narrowed(reference, rows_of(reference, genes), level, check_options("mapping::Model", o)), o) {}

  /// Takes a generator that is narrowed already.
  ModelOf(Generator narrowed, const Options& o)
      : options(check_options("mapping::Model", o)), generator(std::move(narrowed)) {}

  static ModelOf from_options(const auto& reader, Rng& rng) {
    ModelOf out(reader.template make<Generator>("generator", rng), reader.template options<Options>());
    out.resize(reader.shape("replay_label").first, reader.shape("labelled_label").first,
               reader.shape("component_axes").first);
    return out;
  }

  /// Sizes the buffers for R replay cells, N labelled cells and K components. The parts weigh the same.
  void resize(Index replay_cells, Index labelled_cells, Index components) {
    const Index genes = generator.vae.genes();
    replay_label = Buffer<float>(replay_cells, 1);
    replay_latent = Buffer<float>(replay_cells, generator.vae.latent());
    labelled_label = Buffer<float>(labelled_cells, 1);
    labelled_components = Buffer<float>(labelled_cells, components);
    component_mean = Buffer<float>(1, genes);
    component_axes = Buffer<float>(components, genes);
    logistic = Buffer<float>(Index(generator.options.levels.size()), components + 1);
    part_weight = Buffer<float>(1, Index(label_parts.size()));
    part_weight.value.setConstant(1.0f / float(label_parts.size()));
  }

  static void visit(auto& self, auto&& f) {
    f("generator", self.generator);
    f("replay_label", self.replay_label);
    f("replay_latent", self.replay_latent);
    f("labelled_label", self.labelled_label);
    f("labelled_components", self.labelled_components);
    f("component_mean", self.component_mean);
    f("component_axes", self.component_axes);
    f("logistic", self.logistic);
    f("part_weight", self.part_weight);
  }

 private:
  static std::vector<Index> rows_of(const Generator& reference, const std::vector<std::string>& genes) {
    std::vector<Index> out = detail::shared_rows(reference.vae.gene_names, genes);
    LATENTCELL_REQUIRE(!out.empty(), "mapping::Model: none of the query's ", genes.size(),
                       " genes is among the reference's ", reference.vae.genes());
    return out;
  }
};

using Model = ModelOf<ResidualMlp<float>>;

}  // namespace latentcell::mapping
