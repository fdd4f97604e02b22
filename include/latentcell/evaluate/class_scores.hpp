#pragma once

#include <limits>
#include <string>
#include <vector>

#include <latentcell/evaluate/score_table.hpp>

namespace LATENTCELL_NAMESPACE::evaluate {

/// The scores of one class. Coverages are among the cells of the class, NaN where it has too few.
struct ClassScores {
  static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  std::string level;
  Index train = 0;                    ///< training cells
  Index held_out = 0;                 ///< real cells it is compared with
  Index generated = 0;                ///< generated cells
  double coverage = unknown;          ///< of generated cells
  double coverage_ceiling = unknown;  ///< of held-out real cells
  double accuracy = unknown;          ///< share of generated cells that the classifier gives this label
  double accuracy_ceiling = unknown;  ///< the same of held-out real cells
};

/// Returns a table with one row per class; missing classes last, with no generated cell.
/// missing: classes of real cells that no generated cell has
inline ScoreTable class_table(const std::vector<ClassScores>& classes, const std::vector<std::string>& missing) {
  const auto plain = [](const char* name) { return Metric{.name = name, .better = Better::neither}; };
  ScoreTable out({plain("training_cells"), plain("held_out_cells"), plain("generated_cells"), plain("coverage"),
                  plain("coverage_ceiling"), plain("label_accuracy"), plain("label_accuracy_ceiling")});
  for (const ClassScores& c : classes) {
    out.add(c.level, Role::model,
            {double(c.train), double(c.held_out), double(c.generated), c.coverage, c.coverage_ceiling, c.accuracy,
             c.accuracy_ceiling});
  }
  const double none = ClassScores::unknown;
  for (const std::string& level : missing) out.add(level, Role::model, {none, none, 0, none, none, none, none});
  return out;
}

}  // namespace latentcell::evaluate
