#pragma once

#include <string>

#include <latentcell/generation/evaluate.hpp>
#include <latentcell/generation/evaluate_batch_correction.hpp>
#include <latentcell/generation/evaluate_interpolation.hpp>

#include "generation_options.hpp"
#include "read.hpp"
#include "report.hpp"

// What generate_cells reports besides tables of scores.

namespace program {

/// One list per quantity, along the path.
inline Json to_json(const lc::generation::InterpolationScores& steps, const std::string& first,
                    const std::string& second) {
  return {{"from", first},
          {"to", second},
          {"share", steps.share},
          {"markers_from", steps.markers_first},
          {"markers_to", steps.markers_second},
          {"distance", steps.distance},
          {"distance_of_straight_line", steps.straight_line}};
}

/// Throws where labels and batches are one, or no cell is of the level that --to-batch names.
inline void check_correctable(const GenerationSettings& s, const lc::CellTable& cells) {
  const lc::Categorical batches = labels_of(cells, s.batch_covariate, "--batch");
  if (!s.to_batch.empty()) {
    if (batches.count(level_of(batches, s.to_batch, "--to-batch", s.batch_covariate)) == 0)
      lc::throw_runtime("--to-batch: no cell is of level '", s.to_batch, "' of '", s.batch_covariate, "'");
  }
  const lc::Categorical labels = labels_of(cells, s.label, "--label");
  if (lc::generation::labels_of_several_batches(batches, labels) == 0)
    lc::throw_runtime("--corrected: no label of '", s.label, "' has cells of two levels of '", s.batch_covariate,
                      "': nothing separates batches from labels");
}

/// Prints and reports the evaluation of generated cells: scores, labels, nearest training cells, held-out likelihood.
inline void add_evaluation(Report& report, const lc::generation::Evaluation& e) {
  report["scores"] = report.scored(e.scores);
  report["classes"] = report.scored(lc::evaluate::class_table(e.classes, e.missing));
  for (const std::string& note : e.notes) print_line("note: " + note);
  report["notes"] = e.notes;
  const auto& m = e.memorization;
  report["memorization"] = {{"ks_statistic", m.test.statistic},
                            {"p_value", m.test.p_value},
                            {"median_distance_generated", m.generated},
                            {"median_distance_held_out", m.held_out},
                            {"nearer_share", m.nearer_share}};
  print_line(lc::text("nearest training cell: median distance ", m.generated, " generated, ", m.held_out, " held-out; ",
                      100 * m.nearer_share,
                      " % of generated cells are nearer than 95 % of held-out ones (5 % without copies)"));
  report["held_out"] = {{"log_likelihood_per_cell", e.held_out_likelihood.mean_log_prob},
                        {"kl_per_cell", e.held_out_likelihood.mean_kl},
                        {"reconstruction_correlation", e.held_out_reconstruction_correlation}};
  print_line(lc::text("held-out cells: log-likelihood ", e.held_out_likelihood.mean_log_prob,
                      " nats a cell, reconstruction r ", e.held_out_reconstruction_correlation));
}

/// Prints and reports how scores of gene sets agree with held-out cells'.
inline void add_evaluation(Report& report, const lc::generation::GeneSetEvaluation& e) {
  report["gene_sets"] = report.scored(e.scores);
  report["gene_set_ks"] = to_json(e.ks);
}

}  // namespace program
