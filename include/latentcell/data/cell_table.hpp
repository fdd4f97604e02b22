#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include <latentcell/core/counts.hpp>
#include <latentcell/data/annotation.hpp>
#include <latentcell/data/stored_value.hpp>

namespace LATENTCELL_NAMESPACE {

/// Cells with their counts and annotations, the in-memory twin of an AnnData file.
struct CellTable {
  Counts counts;                                            ///< (cells, genes)
  std::vector<std::string> cell_names;                      ///< (cells), unique
  std::vector<std::string> gene_names;                      ///< (genes), unique: the key of a gene
  Annotation cell_columns;                                  ///< obs
  Annotation gene_columns;                                  ///< var
  std::map<std::string, Matrix<float>> embeddings;          ///< obsm: (cells, D) each
  std::map<std::string, std::vector<std::string>> strings;  ///< uns: lists of strings
  StoredValues stored;                                      ///< what else a file carries, by place
  std::vector<std::string> notes;                           ///< what a reader met that is legal but worth a line

  Index cells() const { return counts.rows(); }
  Index genes() const { return counts.cols(); }

  /// Labels of one obs column; throws with the list of columns where there is none of that name.
  Categorical obs(std::string_view column) const { return cell_columns.labels(column); }

  /// Throws std::invalid_argument where names, annotations and counts disagree in length.
  void check() const {
    const auto same = [](const char* what, std::size_t n, Index needed, const char* of) {
      LATENTCELL_REQUIRE(Index(n) == needed, "CellTable: ", n, " ", what, " but ", needed, " ", of);
    };
    same("cell names", cell_names.size(), cells(), "cells");
    same("gene names", gene_names.size(), genes(), "genes");
    same("obs rows", to_size(cell_columns.rows()), cells(), "cells");
    same("var rows", to_size(gene_columns.rows()), genes(), "genes");
    for (const auto& [name, matrix] : embeddings)
      same("rows of an obsm entry", to_size(matrix.rows()), cells(), "cells");
  }

  /// The cells named by `rows`, in that order, with all their columns. Of what is stored, layers and obsp stay with all
  /// cells alone.
  CellTable select_cells(std::span<const Index> rows) const {
    CellTable out;
    out.counts = select_rows(counts, rows);
    out.cell_columns = cell_columns.select(rows);
    out.gene_names = gene_names;
    out.gene_columns = gene_columns;
    out.strings = strings;
    out.stored = is_all(rows, cells()) ? stored : without_places(stored, {"layers/", "obsp/"});
    for (Index r : rows) out.cell_names.push_back(cell_names.at(to_size(r)));
    for (const auto& [name, matrix] : embeddings) {
      Matrix<float> part(Index(rows.size()), matrix.cols());
      for (std::size_t i = 0; i < rows.size(); ++i) part.row(Index(i)) = matrix.row(rows[i]);
      out.embeddings.emplace(name, std::move(part));
    }
    return out;
  }

  /// The genes named by `cols`, which ascend. Of what is stored, layers, varm and varp stay with all genes alone.
  CellTable select_genes(std::span<const Index> cols) const {
    CellTable out;
    out.counts = select_cols(counts, cols);
    out.cell_names = cell_names;
    out.cell_columns = cell_columns;
    out.embeddings = embeddings;
    out.strings = strings;
    out.stored = is_all(cols, genes()) ? stored : without_places(stored, {"layers/", "varm/", "varp/"});
    out.gene_columns = gene_columns.select(cols);
    for (Index c : cols) out.gene_names.push_back(gene_names.at(to_size(c)));
    return out;
  }

 private:
  static bool is_all(std::span<const Index> chosen, Index n) {
    if (Index(chosen.size()) != n) return false;
    for (Index i = 0; i < n; ++i) {
      if (chosen[to_size(i)] != i) return false;
    }
    return true;
  }
};

}  // namespace latentcell
