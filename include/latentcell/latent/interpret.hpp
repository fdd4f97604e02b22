#pragma once

// What the dimensions of a latent mean: gene loadings of a linear decoder, traversals, shares of variance and of
// labels.
#include <latentcell/latent/decoder_sensitivity.hpp>
#include <latentcell/latent/explained_variance.hpp>
#include <latentcell/latent/latent_traversal.hpp>
