#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/data/align_genes.hpp>
#include <latentcell/data/modality.hpp>

namespace LATENTCELL_NAMESPACE::multiomics {

/// Which obsm entries of a table are modalities.
struct DatasetOptions {
  std::string protein_key = "protein_expression";  ///< protein counts; a row of NaN is a cell without proteins
  std::string extra_key = "";                      ///< a further modality, such as accessibility; empty: none

  static void visit(auto& self, auto&& f) {
    f("protein_key", self.protein_key);
    f("extra_key", self.extra_key);
  }
};

/// Cells measured in several modalities, and other cells with RNA alone.
struct Dataset {
  CellTable cells;                    ///< RNA counts
  Modality protein;                   ///< of the same cells
  std::optional<Modality> extra;      ///< of the same cells
  std::optional<CellTable> rna_only;  ///< other cells
  std::vector<std::string> notes;     ///< what a user should know about the input

  /// Returns the rows of `cells` with (1) or without (0) measured proteins, ascending.
  std::vector<Index> rows(char with_protein) const {
    std::vector<Index> out;
    for (Index i = 0; i < cells.cells(); ++i) {
      if ((protein.measured[to_size(i)] != 0) == (with_protein != 0)) out.push_back(i);
    }
    return out;
  }
};

namespace detail {

/// The modality in an obsm entry. Its names are those of the entry's data frame, else of uns KEY_names or
/// `protein_names`, if they are as many as the columns.
inline Modality modality_of(const CellTable& cells, const std::string& key, std::vector<std::string>& notes) {
  const auto at = cells.embeddings.find(key);
  if (at == cells.embeddings.end()) {
    std::string there;
    for (const auto& [name, values] : cells.embeddings) there += (there.empty() ? "" : ", ") + name;
    throw_invalid("no obsm entry '", key, "'; there are ", there.empty() ? "none" : there);
  }
  for (const std::string& place : {key + "_columns", key + "_names", std::string("protein_names")}) {
    const auto names = cells.strings.find(place);
    if (names == cells.strings.end()) continue;
    if (Index(names->second.size()) == at->second.cols()) return dense_modality(key, at->second, names->second);
    notes.push_back(text("uns '", place, "' has ", names->second.size(), " names for the ", at->second.cols(),
                         " columns of '", key, "': not used"));
  }
  return dense_modality(key, at->second);
}

/// Fails where a measured value is no whole number; notes cells that have 0 of everything.
inline void check_counts(const Matrix<float>& values, const std::string& key, std::vector<std::string>& notes) {
  Index empty = 0;
  for (Index i = 0; i < values.rows(); ++i) {
    if (!values.row(i).allFinite()) continue;
    for (Index f = 0; f < values.cols(); ++f) {
      LATENTCELL_REQUIRE(values(i, f) == std::trunc(values(i, f)), "'", key, "' holds ", values(i, f), " in cell ", i,
                         ", column ", f, ": counts are whole numbers; normalised values cannot be used");
    }
    empty += (values.row(i).array() == 0.0f).all();
  }
  if (empty > 0)
    notes.push_back(
        text(empty, " cells have 0 of every column of '", key, "': if they were not measured, let their rows be NaN"));
}

}  // namespace detail

/// Takes a dataset out of a table with RNA counts and other modalities in obsm.
/// Throws std::invalid_argument if an entry is missing, has one column or no counts, or no cell has proteins.
inline Dataset make_dataset(CellTable cells, const DatasetOptions& o) {
  Dataset out;
  out.protein = detail::modality_of(cells, o.protein_key, out.notes);
  detail::check_counts(cells.embeddings.at(o.protein_key), o.protein_key, out.notes);
  std::vector<std::string> of_proteins;  // that protein_names does not fit another modality is no surprise
  if (!o.extra_key.empty()) out.extra = detail::modality_of(cells, o.extra_key, of_proteins);
  out.cells = std::move(cells);
  const Index without = Index(out.rows(0).size());
  LATENTCELL_REQUIRE(without < out.cells.cells(), "no cell has '", o.protein_key, "'");
  LATENTCELL_REQUIRE(out.protein.features.size() >= 2, "'", o.protein_key,
                     "' has one column, which at one depth is the same in every cell");
  if (without > 0) out.notes.push_back(text(without, " cells have no '", o.protein_key, "': they are predicted"));
  return out;
}

/// Adds other cells that have RNA alone. An obs column that holds numbers in one table and labels in the other is left
/// out. Throws std::invalid_argument if no gene is shared.
inline void add_rna_only(Dataset& to, CellTable cells) {
  const AlignedGenes aligned = align_genes(cells, to.cells.gene_names);
  if (aligned.missing + aligned.extra > 0)
    to.notes.push_back(text("the RNA-only cells lack ", aligned.missing, " of the genes and have ", aligned.extra,
                            " others: ", to.cells.genes() - aligned.missing, " are shared"));
  const auto numeric = [](const Column& c) { return to_numbers(c).has_value(); };
  Annotation kept(cells.cells());
  for (const auto& [column, values] : cells.cell_columns.columns()) {
    if (to.cells.cell_columns.has(column) && numeric(to.cells.cell_columns.get(column)) != numeric(values)) {
      to.notes.push_back("obs '" + column + "' holds numbers in one of the files and labels in the other: left out");
    } else {
      kept.set(column, values);
    }
  }
  cells.cell_columns = std::move(kept);
  to.rna_only = std::move(cells);
}

}  // namespace latentcell::multiomics
