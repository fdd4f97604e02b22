#pragma once

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/data/simulate.hpp>
#include <latentcell/mapping/holdout.hpp>

#include "mapping_options.hpp"

// The reference and the query of transfer_labels.

namespace program {

/// Cells to train on, where there are any, and cells to label.
struct MappingData {
  std::optional<lc::CellTable> reference;
  lc::CellTable query;
  std::string name;                         ///< of the query's file
  std::vector<std::string> own_genes = {};  ///< of the query, before they were matched
};

/// Throws where there is nothing to evaluate with.
inline void check_truth(const MappingSettings& s, const lc::CellTable& query, const std::vector<std::string>& levels) {
  const lc::Categorical labels = labels_of(query, s.truth, "--truth", s.data);
  const std::vector<int> truth = lc::recode(labels, levels);
  if (std::all_of(truth.begin(), truth.end(), [](int c) { return c < 0; }))
    lc::throw_runtime("--truth: none of the labels in '", s.truth, "' (", labels.list(), ") is one of the model (",
                      lc::Categorical{levels, {}}.list(), ")");
}

/// Ends the run now for what would end it after training.
inline void check_before_training(const MappingSettings& s, const MappingData& d) {
  const lc::Categorical labels = labels_of(*d.reference, s.label, "--label", s.reference);
  (void)in_genes_of(d.query, d.reference->gene_names, d.name);
  if (!s.truth.empty()) check_truth(s, d.query, labels.levels);
  if (s.batch_covariate.empty()) return;
  const lc::Categorical levels = labels_of(*d.reference, s.batch_covariate, "--batch", s.reference);
  if (levels.find_code(s.name)) lc::throw_runtime("--name: '", s.name, "' is a level of the batch covariate already");
}

/// One tissue with a batch covariate of two levels; the second is the query, with others for a fifth of the genes.
inline MappingData simulated_mapping(MappingSettings& s, lc::Rng& rng) {
  const auto all = lc::simulate({.cells = 4000, .batch_covariate_levels = 2, .batch_effect_strength = 0.5}, rng);
  lc::mapping::HeldOutQuery cells = lc::mapping::hold_out_query(all, "batch", all.obs("batch").levels[1]);
  for (std::size_t g = 0; g < cells.query.gene_names.size(); g += 5) cells.query.gene_names[g] = lc::text("other_", g);
  s.truth = s.label;
  s.name = "simulated";
  return {std::move(cells.reference), std::move(cells.query), "simulated cells"};
}

/// The cells of one level of the batch covariate are the query, and their labels the truth.
inline MappingData held_out_mapping(MappingSettings& s) {
  const lc::CellTable all = read_cells(s, s.reference);
  const lc::Categorical levels = labels_of(all, s.batch_covariate, "--batch", s.reference);
  (void)level_of(levels, s.holdout, "--holdout", s.batch_covariate);
  lc::mapping::HeldOutQuery cells = lc::mapping::hold_out_query(all, s.batch_covariate, s.holdout);
  s.truth = s.label;
  s.name = s.holdout;
  return {std::move(cells.reference), std::move(cells.query), "held-out cells"};
}

inline MappingData load_mapping(MappingSettings& s, lc::Rng& rng) {
  MappingData d;
  if (!s.holdout.empty()) {
    d = held_out_mapping(s);
  } else if (s.data.empty()) {
    d = simulated_mapping(s, rng);
  } else {
    if (s.from.empty() && s.reference.empty())
      lc::throw_runtime("choose where labels come from: --from a saved model, or --reference labelled cells");
    d.query = read_cells(s, s.data);
    d.name = s.data;
    if (!s.reference.empty()) d.reference = read_cells(s, s.reference);
    if (s.name.empty()) s.name = std::filesystem::path(s.data).stem().string();
    if (!s.truth.empty()) (void)labels_of(d.query, s.truth, "--truth", s.data);
  }
  if (s.from.empty()) check_before_training(s, d);
  return d;
}

}  // namespace program
