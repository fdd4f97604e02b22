#pragma once

/// Umbrella of the wing: expression where it was not measured, between spots, in a missing piece or slice of tissue, or
/// of genes that a panel lacks.

#include <latentcell/spatial/evaluate.hpp>
#include <latentcell/spatial/fit.hpp>
#include <latentcell/spatial/io.hpp>
#include <latentcell/spatial/predict.hpp>
