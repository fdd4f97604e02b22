#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/core/median.hpp>
#include <latentcell/data/named_genes.hpp>
#include <latentcell/evaluate/marker_sets.hpp>
#include <latentcell/evaluate/score_table.hpp>
#include <latentcell/generation/interpolate.hpp>
#include <latentcell/generation/model.hpp>
#include <latentcell/kernel/neighbor_distance.hpp>
#include <latentcell/latent/encode.hpp>
#include <latentcell/metric/gene_set_scores.hpp>

namespace LATENTCELL_NAMESPACE::generation {

/// What changes along paths between two labels, one number per step.
struct InterpolationScores {
  std::vector<double> share;           ///< of the second label, 0 to 1
  std::vector<double> markers_first;   ///< mean score of the first label's markers
  std::vector<double> markers_second;  ///< mean score of the second label's markers
  std::vector<double> distance;  ///< to the nearest real latents, in units of their own distance: median over paths
  std::vector<double> straight_line;  ///< the same of points on the straight line between a path's ends: the baseline

  /// Returns the distance to real latents half-way, of paths and of the straight line.
  evaluate::ScoreTable table() const {
    evaluate::ScoreTable out({{.name = "distance half-way", .better = evaluate::Better::lower}});
    out.add("straight line between latents", evaluate::Role::baseline, {straight_line[straight_line.size() / 2]});
    out.add("interpolated cells", evaluate::Role::model, {distance[distance.size() / 2]});
    return out;
  }
};

/// Interpolated cells with their latents: what `interpolate` and `draw` returned.
struct InterpolatedCells {
  const CellTable& cells;      ///< (paths * points, G)
  const LatentTable& latents;  ///< (paths * points, D)
  const InterpolateOptions& options;
};

namespace detail {

inline constexpr std::uint64_t interpolation_stream = 42;

/// Columns of the marker genes of each of two labels.
inline std::vector<std::vector<Index>> marker_columns(const CellTable& train, const std::string& label,
                                                      const std::array<std::string, 2>& ends) {
  const std::vector<NamedGenes> sets = evaluate::marker_sets(train, train.obs(label));
  std::vector<std::vector<Index>> out;
  for (const std::string& level : ends) {
    out.emplace_back();
    for (const NamedGenes& set : sets) {
      if (set.name != level) continue;
      for (const std::string& gene : set.genes) {
        const auto at = std::find(train.gene_names.begin(), train.gene_names.end(), gene);
        out.back().push_back(at - train.gene_names.begin());
      }
    }
    LATENTCELL_REQUIRE(!out.back().empty(), "evaluate_interpolation: '", level,
                       "' has no markers among the training cells");
  }
  return out;
}

/// Points on the straight lines between the ends of paths.     z (paths * points, D) -> the same shape
inline Matrix<float> straight_lines(const Matrix<float>& z, Index paths, Index points) {
  Matrix<float> out = z;
  for (Index p = 0; p < paths; ++p) {
    for (Index i = 0; i < points; ++i) {
      const float s = float(i) / float(points - 1);
      out.row(p * points + i) = (1 - s) * z.row(p * points) + s * z.row(p * points + points - 1);
    }
  }
  return out;
}

/// Mean distance of each point to its k nearest real ones.     -> (N)
inline std::vector<double> distance_to(const Matrix<float>& points, const Matrix<float>& real, Index k) {
  const kernel::Neighbors near = kernel::nearest_neighbors(view(points), view(real), k);
  std::vector<double> out;
  for (Index i = 0; i < points.rows(); ++i) out.push_back(near.distance.row(i).mean());
  return out;
}

}  // namespace detail

/// Evaluates interpolated cells: scores of the marker genes of both labels along the path, and how far from real cells
/// it leads, beside the straight line between its ends.
/// train: the training cells; ends: the labels that `interpolate` was given
/// Throws std::invalid_argument for a label without markers.
template <class Backbone>
InterpolationScores evaluate_interpolation(const CellTable& train, const ModelOf<Backbone>& model,
                                           const InterpolatedCells& between, const std::array<std::string, 2>& ends,
                                           std::uint64_t seed = 0) {
  const InterpolateOptions& o = between.options;
  Rng rng(seed, detail::interpolation_stream);
  const metric::GeneSetScores scorer(kernel::log_normalize(train.counts.view()).view(),
                                     detail::marker_columns(train, model.options.label, ends), {}, rng);
  const Matrix<float> score = scorer.of(kernel::log_normalize(between.cells.counts.view()).view());
  // Because generated latents contain the posterior's noise, real ones are drawn from the posterior too.
  const auto& scaler = model.flow.scaler;
  const Matrix<float> real = scaler.apply(encode(model.vae, train).drawn(rng)), z = scaler.apply(between.latents.mean);
  const Index k = std::min<Index>(5, train.cells() - 1);
  const double unit = std::max(1e-12, kernel::neighbor_distance(view(real), k));
  const std::vector<double> of_path = detail::distance_to(z, real, k),
                            of_line = detail::distance_to(detail::straight_lines(z, o.paths, o.points), real, k);
  InterpolationScores out;
  for (Index i = 0; i < o.points; ++i) {
    double first = 0, second = 0;
    std::vector<double> path, line;
    for (Index p = 0; p < o.paths; ++p) {
      const Index row = p * o.points + i;
      first += double(score(row, 0)) / double(o.paths);
      second += double(score(row, 1)) / double(o.paths);
      path.push_back(of_path[to_size(row)] / unit);
      line.push_back(of_line[to_size(row)] / unit);
    }
    out.share.push_back(double(i) / double(o.points - 1));
    out.markers_first.push_back(first);
    out.markers_second.push_back(second);
    out.distance.push_back(median(std::move(path)));
    out.straight_line.push_back(median(std::move(line)));
  }
  return out;
}

#ifdef LATENTCELL_INSTANCES
extern template InterpolationScores evaluate_interpolation<ResidualMlp<float>>(const CellTable&,
                                                                               const ModelOf<ResidualMlp<float>>&,
                                                                               const InterpolatedCells&,
                                                                               const std::array<std::string, 2>&,
                                                                               std::uint64_t);
#endif

}  // namespace latentcell::generation
