#pragma once

#include <string>
#include <vector>

#include <latentcell/data/latent_table.hpp>

#include "compared.hpp"
#include "scatter.hpp"

// The picture of transfer_labels.

namespace plots {

/// Query cells with the labels they were given.
struct MappedLabels {
  const lc::LatentTable& reference;  ///< with their labels in the obs column `column`
  const lc::LatentTable& query;
  const std::vector<double>& confidence;  ///< (N) in [0, 1]
  lc::Categorical label;                  ///< (N) of the query cells
  std::string column;
  nlohmann::ordered_json scores = {};  ///< a table, where there are true labels
};

/// Latents of reference and query cells in their two PCs: by label, and by the confidence of the query cells' labels.
/// Writes folder/transfer.png and .pdf; what fails is a note.
void mapped_labels(const std::string& folder, const MappedLabels& of);

}  // namespace plots
