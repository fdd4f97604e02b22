#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/data/align_genes.hpp>
#include <latentcell/data/cell_sums.hpp>
#include <latentcell/io/read_cells.hpp>

#include "run.hpp"

// Reading cells, with errors that name the file and the option.

namespace program {

/// Reads cells and prints the reader's notes.
lc::CellTable read_cells(const Common& s, const std::string& path);

/// How an h5ad file is read.
lc::io::H5adOptions h5ad_options(const Common& s, const std::string& path);

/// Labels of an obs column; where there is none, the option that chooses is named.
lc::Categorical labels_of(const lc::CellTable& cells, const std::string& column, const std::string& option,
                          const std::string& file = "");

/// The code of a level that an option names.
int level_of(const lc::Categorical& labels, const std::string& level, const std::string& option,
             const std::string& column);

/// An obsm entry; where there is none, those that there are.
const lc::Matrix<float>& embedding_of(const lc::CellTable& cells, const std::string& key, const std::string& file,
                                      const std::string& option);

/// A file's cells in the genes of a model; prints how many of them the file lacks.
lc::CellTable in_genes_of(const lc::CellTable& cells, const std::vector<std::string>& genes, const std::string& file);

/// Names a file's genes as others name them, where its names or a column of var match; returns the names of before.
/// Prints what was compared.
std::vector<std::string> match_gene_names(lc::CellTable& cells, const std::vector<std::string>& genes);

/// Prints a line about each thing in these cells that is legal but worth knowing.
/// counts: those of `train`, or of the cells that it is the header of
void note_oddities(const lc::CellTable& train, const lc::CountRows& counts, const std::string& label);
inline void note_oddities(const lc::CellTable& train, const std::string& label) {
  note_oddities(train, train.counts, label);
}

}  // namespace program
