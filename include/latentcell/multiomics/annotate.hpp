#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/multiomics/cell_modalities.hpp>
#include <latentcell/multiomics/cross_validate.hpp>

// What is written of cells: obsm entries protein_predicted, protein_low50 to protein_high80, protein_measured (NaN
// where there is none) and X_joint.

namespace LATENTCELL_NAMESPACE::multiomics {

/// Adds predicted proteins and their intervals to cells.
inline void add_predicted(CellTable& cells, conformal::PredictionIntervals values) {
  cells.embeddings["protein_predicted"] = std::move(values.mean);
  cells.embeddings["protein_low50"] = std::move(values.low50);
  cells.embeddings["protein_high50"] = std::move(values.high50);
  cells.embeddings["protein_low80"] = std::move(values.low80);
  cells.embeddings["protein_high80"] = std::move(values.high80);
}

/// Adds the joint latent of cells.
inline void add_joint(CellTable& cells, const JointVae<float>& joint, const CellModalities& modalities) {
  cells.embeddings["X_joint"] = encode(joint, in_features_of(joint, modalities.all())).mean;
}

/// Returns a matrix of NaN: proteins that are not measured, or not predicted.
inline Matrix<float> not_available(Index cells, Index proteins) {
  return Matrix<float>::Constant(cells, proteins, std::numeric_limits<float>::quiet_NaN());
}

/// Returns the cells with proteins, which are measured and not predicted: where none were held out.
inline CellTable measured_cells(const Dataset& data) {
  const std::vector<Index> with = data.rows(1);
  CellTable out = data.cells.select_cells(with);
  const Modality protein = select_cells(data.protein, with);
  Rng rng(0);
  conformal::ModalityEncoder encoder({protein.name, protein.features, 1});
  encoder.fit(protein, rng);
  out.embeddings["protein_measured"] = encoder.log_normalized(protein);
  const Matrix<float> none = not_available(out.cells(), Index(protein.features.size()));
  add_predicted(out, {none, none, none, none, none});
  return out;
}

/// Returns the cells with proteins, as they were predicted when their fold was held out.
inline CellTable held_out_cells(const Dataset& data, const CrossValidation& of) {
  const std::vector<Index> with = data.rows(1);
  CellTable out = data.cells.select_cells(with);
  std::vector<double> fold;
  for (const Index i : with) fold.push_back(of.fold[to_size(i)]);
  out.cell_columns.set("held_out_fold", fold);
  const auto pick = [&](const Matrix<float>& m) { return metric::pick_rows(view(m), with); };
  const conformal::PredictionIntervals& p = of.predictions.front().values;
  add_predicted(out, {pick(p.mean), pick(p.low50), pick(p.high50), pick(p.low80), pick(p.high80)});
  out.embeddings["protein_measured"] = pick(of.truth);
  return out;
}

/// Returns cells without proteins in the genes of the dataset, with predictions and joint latents of a model.
/// modalities: of the same cells
inline CellTable predicted_cells(const Model& model, const Dataset& data, const CellTable& cells,
                                 const CellModalities& modalities, const conformal::IntervalOptions& o, Rng& rng) {
  CellTable out = align_genes(cells, data.cells.gene_names).cells;
  add_predicted(out, translate(model, modalities.sources(), o, rng));
  if (model.joint) add_joint(out, *model.joint, modalities);
  out.embeddings["protein_measured"] = not_available(out.cells(), Index(model.target.features().size()));
  return out;
}

}  // namespace latentcell::multiomics
