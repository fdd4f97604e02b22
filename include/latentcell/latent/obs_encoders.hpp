#pragma once

#include <latentcell/latent/from_obs.hpp>

namespace latentcell {

using LabelColumn = ObsCategory;
using NumberColumns = ObsNumbers;
using GeneColumn = ObsGenes;

}  // namespace latentcell
