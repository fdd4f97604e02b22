#pragma once

#include <string>
#include <vector>

#include <latentcell/core/version.hpp>

namespace LATENTCELL_NAMESPACE {

/// Genes that belong together: a pathway, the markers of a cell type.
struct NamedGenes {
  std::string name;
  std::vector<std::string> genes;
};

}  // namespace latentcell
