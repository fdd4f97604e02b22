#pragma once

#include <string>

#include <latentcell/generation/evaluate.hpp>
#include <latentcell/generation/evaluate_interpolation.hpp>

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
