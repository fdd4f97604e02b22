#pragma once

// The wing that maps new data onto a trained generator and labels it.

#include <latentcell/mapping/evaluate.hpp>
#include <latentcell/mapping/fit.hpp>
#include <latentcell/mapping/holdout.hpp>
#include <latentcell/mapping/io.hpp>
#include <latentcell/mapping/model.hpp>
#include <latentcell/mapping/predict.hpp>
