#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include <latentcell/data/cell_table.hpp>
#include <latentcell/data/filter.hpp>
#include <latentcell/data/latent_table.hpp>

#include "curves.hpp"

// Pictures of generate_cells. Each function writes one PNG file whole or throws std::runtime_error.

namespace plots {

/// Latents in their first two PCs, coloured by label and, where there is a batch covariate, by it.
void latents(const std::string& path, const lc::Matrix<float>& z, const lc::Categorical& label,
             const std::string& label_name, const lc::Categorical* batch_covariate,
             const std::string& batch_covariate_name);

/// Real and generated cells in the two PCs of log1p(CP10K) that the real ones span: by label, and by origin.
void real_and_generated(const std::string& path, const lc::Counts& real, const lc::Categorical& real_label,
                        const lc::Counts& generated, const lc::Categorical& generated_label,
                        const std::string& label_name);

/// Per gene: mean, variance and share of zeros over the cells.
struct GeneSummary {
  std::vector<double> mean, variance, zeros;
};

GeneSummary summarize(const lc::Counts& counts);

// Columns as rows of a table, those with a positive first number alone.
Points pairs(const std::vector<double>& x, const std::vector<double>& y, double least_y);

// Real and generated genes in random order, so that neither hides the other.
void gene_points(Gnuplot& g, const Points& real, const Points& generated, const char* line, const char* line_title);

/// Variance against mean of each gene's counts, and generated against real variance.
void mean_variance(const std::string& path, const lc::Counts& real, const lc::Counts& generated);

/// Share of cells without a count of a gene against its mean, and generated against real share.
void zeros_per_gene(const std::string& path, const lc::Counts& real, const lc::Counts& generated);

/// Histograms over the cells: all counts, and genes with a count.
void library_sizes(const std::string& path, const lc::Counts& real, const lc::Counts& generated);

/// The cells of a run of generate_cells and the columns that colour them.
struct GenerationCells {
  const lc::CellTable &real, &generated;
  const lc::LatentTable& encoded;      ///< the real cells
  std::string label, batch_covariate;  ///< obs columns; the second empty: none
};

/// Draws all pictures of a run into a folder that exists.
/// stages: the autoencoder's and the flow's
void generation(const std::string& folder, const GenerationCells& of, const std::vector<lc::StageReport>& stages);

}  // namespace plots
