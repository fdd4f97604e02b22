#pragma once

// Translation between modalities of a cell, and one latent of cells whatever was measured of them.

#include <latentcell/multiomics/annotate.hpp>
#include <latentcell/multiomics/cell_modalities.hpp>
#include <latentcell/multiomics/cross_validate.hpp>
#include <latentcell/multiomics/dataset.hpp>
#include <latentcell/multiomics/evaluate.hpp>
#include <latentcell/multiomics/fit.hpp>
#include <latentcell/multiomics/fit_joint.hpp>
#include <latentcell/multiomics/fit_stacking.hpp>
#include <latentcell/multiomics/holdout.hpp>
#include <latentcell/multiomics/io.hpp>
#include <latentcell/multiomics/joint_model.hpp>
#include <latentcell/multiomics/model.hpp>
#include <latentcell/multiomics/predict.hpp>
#include <latentcell/multiomics/stacked_latents.hpp>
#include <latentcell/multiomics/stacking.hpp>
