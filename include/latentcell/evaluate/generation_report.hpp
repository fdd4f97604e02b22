#pragma once

#include <string>
#include <vector>

#include <latentcell/evaluate/class_scores.hpp>
#include <latentcell/evaluate/score_table.hpp>
#include <latentcell/metric/memorization.hpp>

namespace LATENTCELL_NAMESPACE::evaluate {

/// Names of the rows of GenerationReport::scores.
namespace row {
inline constexpr const char* held_out = "held-out real cells";
inline constexpr const char* class_gaussian = "class-wise Gaussian in PCs";
inline constexpr const char* class_negative_binomial = "class-wise independent NB";
inline constexpr const char* prior = "VAE prior";
inline constexpr const char* generated = "generated cells";
}  // namespace row

/// Generated cells beside the baselines and the ceiling of other held-out real cells.
struct GenerationReport {
  ScoreTable scores;                 ///< columns as generation_metrics, rows as named in `row`
  std::vector<ClassScores> classes;  ///< class_table prints them
  metric::Memorization memorization;
  std::vector<std::string> missing;  ///< classes of real cells that no generated cell has; left out of all scores
  std::vector<std::string> notes;    ///< what was left out or repeated, a line each
  Index cells = 0;                   ///< real cells in the comparison, as many as of each other row
  Index genes = 0;
  Index components = 0;
};

}  // namespace latentcell::evaluate
