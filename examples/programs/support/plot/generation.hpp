#pragma once

#include <string>
#include <vector>

#include <latentcell/data/cell_table.hpp>
#include <latentcell/data/latent_table.hpp>

#include "curves.hpp"

// Pictures of generate_cells.

namespace plots {

/// Latents of real cells, drawn from the posterior, and generated ones.
struct Latents {
  lc::Matrix<float> real, generated;  ///< (N, D), (M, D)
  lc::Categorical real_label, generated_label;
  std::string column;  ///< what the labels are
};

/// Real and generated latents in the first two PCs of the real ones: two panels with the same axes and colours.
void latents(const std::string& path, const Latents& of);

/// Real and generated cells in the two PCs of log1p(CP10K) that the real ones span: by label, and by origin.
struct LabelledCounts {
  const lc::Counts& counts;
  lc::Categorical label;
};
void real_and_generated(const std::string& path, const LabelledCounts& real, const LabelledCounts& generated,
                        const std::string& column);

/// Per gene: mean, variance and share of zeros over the cells.
struct GeneSummary {
  std::vector<double> mean, variance, zeros;
};

GeneSummary summarize(const lc::Counts& counts);

/// Variance against mean of each gene's counts, and generated against real variance.
void mean_variance(const std::string& path, const lc::Counts& real, const lc::Counts& generated);

/// Share of cells without a count of a gene against its mean, and generated against real share.
void zeros_per_gene(const std::string& path, const lc::Counts& real, const lc::Counts& generated);

/// Histograms over the cells: all counts, and genes with a count.
void library_sizes(const std::string& path, const lc::Counts& real, const lc::Counts& generated);

/// The cells of a run of generate_cells and the columns that colour them.
struct GenerationCells {
  const lc::CellTable &real, &generated;  ///< the second with its latents in obsm X_latentcell
  const lc::LatentTable& encoded;         ///< the real cells
  std::string label, batch_covariate;     ///< obs columns; the second empty: none
};

/// Draws all pictures of a run into a folder that exists; one that fails is a note.
void generation(const std::string& folder, const GenerationCells& of);

}  // namespace plots
