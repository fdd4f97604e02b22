#pragma once

#include <latentcell/data/align_genes.hpp>
#include <latentcell/mapping/fit.hpp>

#include "generator.hpp"

// A reference, and a query of the same tissue: genes in another order, a tenth of them under other names.

namespace mapping_task {

using namespace latentcell;

struct Task {
  CellTable reference, query;
  generation::Model generator;
  std::vector<int> truth;
};

inline const Task& task() {
  static const Task one = [] {
    Rng rng(1);
    SimulatedTissue tissue(
        {.genes = 120, .types = 3, .batch_covariate_levels = 2, .library = 400, .marker_share = 0.15}, rng);
    CellTable reference = tissue.draw(500, rng), query = tissue.draw(300, rng);
    std::vector<std::string> order(query.gene_names.rbegin(), query.gene_names.rend());
    query = align_genes(query, order).cells;
    for (std::size_t g = 0; g < 120; g += 10) query.gene_names[g] = text("other_", g);
    generation::Model generator = generator::trained(reference);
    std::vector<int> truth = query.obs("cell_type").codes;
    return Task{std::move(reference), std::move(query), std::move(generator), std::move(truth)};
  }();
  return one;
}

inline const mapping::Options quick{.replay = 400, .rounds = 2, .steps = 30};

/// The query mapped with the options `quick`.
inline const mapping::Model& mapped() {
  static const mapping::Model one = [] {
    mapping::Model m(task().generator, task().query.gene_names, "new", quick);
    mapping::fit(m, task().generator, task().query);
    return m;
  }();
  return one;
}

inline double accuracy(const std::vector<int>& truth, const std::vector<int>& found) {
  double same = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) same += truth[i] == found[i];
  return same / double(truth.size());
}

}  // namespace mapping_task
