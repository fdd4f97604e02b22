#pragma once

#include <string>
#include <vector>

namespace latentcell {

/// Genes that belong together: a pathway, the markers of a cell type.
struct NamedGenes {
  std::string name;
  std::vector<std::string> genes;
};

}  // namespace latentcell
