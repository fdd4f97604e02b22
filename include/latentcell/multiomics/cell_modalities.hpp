#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/data/filter.hpp>
#include <latentcell/multiomics/dataset.hpp>
#include <latentcell/multiomics/model.hpp>

namespace LATENTCELL_NAMESPACE::multiomics {

/// Modalities of the same cells.
struct CellModalities {
  Modality rna, protein;
  std::optional<Modality> extra;

  /// Returns what proteins are predicted from: RNA and the extra modality.
  std::vector<Modality> sources() const {
    std::vector<Modality> out{rna};
    if (extra) out.push_back(*extra);
    return out;
  }
  /// Returns RNA, proteins and the extra modality: the order of a joint model.
  std::vector<Modality> all() const {
    std::vector<Modality> out{rna, protein};
    if (extra) out.push_back(*extra);
    return out;
  }
};

/// Returns RNA counts as a modality that every cell has.
inline Modality rna_modality(const CellTable& cells) {
  return {"rna", cells.counts, std::vector<char>(to_size(cells.cells()), 1), cells.gene_names};
}

/// Returns a modality that none of `cells` cells has.
inline Modality missing_modality(const std::string& name, const std::vector<std::string>& features, Index cells) {
  Modality out{name, Counts(Index(features.size())), std::vector<char>(to_size(cells), 0), features};
  for (Index i = 0; i < cells; ++i) out.counts.end_row();
  return out;
}

/// Returns the genes with counts in at least `min_cells` of these cells.
inline std::vector<std::string> detected_genes(const Dataset& data, const std::vector<Index>& rows,
                                               Index min_cells = 10) {
  return filter_genes(data.cells.select_cells(rows), GeneFilterOptions{.min_cells = min_cells}).gene_names;
}

/// Returns the modalities of some cells, RNA in these genes.
inline CellModalities select_modalities(const Dataset& data, const std::vector<Index>& rows,
                                        const std::vector<std::string>& genes) {
  return {rna_modality(align_genes(data.cells.select_cells(rows), genes).cells), select_cells(data.protein, rows),
          data.extra ? std::optional(select_cells(*data.extra, rows)) : std::nullopt};
}

/// Returns these cells followed by the RNA-only cells of the dataset, whose other modalities are missing: components
/// and the joint latent are fitted to both.
inline CellModalities with_rna_only(const CellModalities& cells, const Dataset& data) {
  CellModalities out = cells;
  if (!data.rna_only) return out;
  const CellTable more = align_genes(*data.rna_only, cells.rna.features).cells;
  const auto add = [](Modality& to, const Modality& from) {
    for (Index i = 0; i < from.cells(); ++i) to.counts.push_row(from.counts.view(), i);
    to.measured.insert(to.measured.end(), from.measured.begin(), from.measured.end());
  };
  add(out.rna, rna_modality(more));
  add(out.protein, missing_modality(cells.protein.name, cells.protein.features, more.cells()));
  if (out.extra) add(*out.extra, missing_modality(cells.extra->name, cells.extra->features, more.cells()));
  return out;
}

/// Returns cells with RNA alone in the modalities and genes of a model that predicts proteins.
inline CellModalities rna_only_modalities(const Model& model, const CellTable& cells) {
  const auto missing = [&](const conformal::ModalityEncoder& e) {
    return missing_modality(e.name(), e.features(), cells.cells());
  };
  CellModalities out{rna_modality(align_genes(cells, model.sources.front().features()).cells), missing(model.target),
                     std::nullopt};
  if (model.sources.size() > 1) out.extra = missing(model.sources[1]);
  return out;
}

}  // namespace latentcell::multiomics
