#pragma once

// The wing that generates cells: two-stage model, its training, samples, and their evaluation. Reading and writing of
// cells is apart: <latentcell/io/...>.

#include <latentcell/generation/augment.hpp>
#include <latentcell/generation/calibrate_dispersion.hpp>
#include <latentcell/generation/calibrate_gene_means.hpp>
#include <latentcell/generation/choose_augmentation.hpp>
#include <latentcell/generation/composition.hpp>
#include <latentcell/generation/correct_batches.hpp>
#include <latentcell/generation/evaluate.hpp>
#include <latentcell/generation/evaluate_augmentation.hpp>
#include <latentcell/generation/evaluate_batch_correction.hpp>
#include <latentcell/generation/evaluate_interpolation.hpp>
#include <latentcell/generation/fit.hpp>
#include <latentcell/generation/holdout.hpp>
#include <latentcell/generation/interpolate.hpp>
#include <latentcell/generation/io.hpp>
#include <latentcell/generation/model.hpp>
#include <latentcell/generation/options_for.hpp>
#include <latentcell/generation/oversample.hpp>
#include <latentcell/generation/predict.hpp>
