#pragma once

#include <string>
#include <vector>

#include "bars.hpp"

// The picture of translate_omics.

namespace plots {

/// Predicted and measured values of held-out cells, and each method's correlations.
struct TranslatedProteins {
  const std::vector<std::string>& names;
  const lc::Matrix<float>&predicted, &measured;  ///< (N, F)
  std::vector<RowScores> correlation;            ///< (F) each, the model's last; NaN where a protein does not vary
};

/// Predicted against measured values of one protein, in one range.
void protein_panel(Gnuplot& g, const Box& box, const TranslatedProteins& of, std::size_t protein,
                   const std::string& title);

/// Each protein's correlation under all methods, and predicted against measured values of six proteins: the best, the
/// worst and those in equal steps between. Writes folder/proteins.png and .pdf; what fails is a note.
void proteins(const std::string& folder, const TranslatedProteins& of);

}  // namespace plots
