#pragma once

#include <string>
#include <vector>

#include "compared.hpp"
#include "scatter.hpp"

// The picture of model_trajectory.

namespace plots {

/// Cells in motion, in two dimensions.
struct MovingCells {
  const lc::Matrix<float>& reference;           ///< (N, 2) cells of the times trained on
  const std::vector<double>& time;              ///< (N)
  const std::vector<lc::Matrix<float>>& paths;  ///< for each moment (n, 2)
  lc::Matrix<float> predicted;                  ///< (M, 2)
  lc::Matrix<float> truth;                      ///< (K, 2) held out; no rows: none
};

/// Words of that picture.
struct TrajectoryTitles {
  std::string x_axis, y_axis;
  std::string when;         ///< the time of the predicted cells
  std::string scores = "";  ///< a note with the model's score and the best baseline's
};

/// Reference cells coloured by time with some paths through them, beside predicted cells and those held out.
/// Writes folder/time_WHEN.png and .pdf; what fails is a note.
void trajectory(const std::string& folder, const MovingCells& of, const TrajectoryTitles& titles);

}  // namespace plots
