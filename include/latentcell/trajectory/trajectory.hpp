#pragma once

// Snapshots of cells over time: fit, cells of other times, fates, evaluation, files.

#include <latentcell/trajectory/decode_cells.hpp>
#include <latentcell/trajectory/early_cell_paths.hpp>
#include <latentcell/trajectory/encode.hpp>
#include <latentcell/trajectory/evaluate.hpp>
#include <latentcell/trajectory/fate_report.hpp>
#include <latentcell/trajectory/fates.hpp>
#include <latentcell/trajectory/fit.hpp>
#include <latentcell/trajectory/fit_mixture.hpp>
#include <latentcell/trajectory/fit_velocity.hpp>
#include <latentcell/trajectory/holdout.hpp>
#include <latentcell/trajectory/io.hpp>
#include <latentcell/trajectory/model.hpp>
#include <latentcell/trajectory/ot_paths.hpp>
#include <latentcell/trajectory/plan_cells.hpp>
#include <latentcell/trajectory/predict.hpp>
#include <latentcell/trajectory/random_rows.hpp>
#include <latentcell/trajectory/read_embedding.hpp>
#include <latentcell/trajectory/snapshot_mixture.hpp>
#include <latentcell/trajectory/snapshots.hpp>
#include <latentcell/trajectory/time_order.hpp>
#include <latentcell/trajectory/time_range.hpp>
#include <latentcell/trajectory/velocity_model.hpp>
