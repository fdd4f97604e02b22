#pragma once

// Perturbation prediction: the perturbed state of cells observed only in control.

#include <latentcell/perturbation/changes.hpp>
#include <latentcell/perturbation/compose.hpp>
#include <latentcell/perturbation/cross_fit_folds.hpp>
#include <latentcell/perturbation/dataset.hpp>
#include <latentcell/perturbation/evaluate.hpp>
#include <latentcell/perturbation/fit.hpp>
#include <latentcell/perturbation/generate_controls.hpp>
#include <latentcell/perturbation/holdout.hpp>
#include <latentcell/perturbation/io.hpp>
#include <latentcell/perturbation/model.hpp>
#include <latentcell/perturbation/predict.hpp>
