#pragma once

#include <cmath>
#include <vector>

#include <latentcell/autoencoder/autoencoder.hpp>
#include <latentcell/data/minibatch.hpp>
#include <latentcell/kernel/count_loss.hpp>

namespace LATENTCELL_NAMESPACE {

namespace detail {

/// Pearson r between log1p of a row of counts times `scale` and log1p of means (G); NaN where one is constant.
template <class T>
double log_profile_correlation(const CountsView& counts, Index row, double scale, std::vector<T>& mean) {
  double sum_y = 0, square_y = 0, sum_x = 0, square_x = 0, cross = 0;
  for (T& m : mean) {
    m = std::log1p(m);
    sum_y += double(m);
    square_y += double(m) * double(m);
  }
  const auto c = counts.row_columns(row);
  const auto v = counts.row_values(row);
  for (std::size_t k = 0; k < c.size(); ++k) {
    const double x = std::log1p(double(v[k]) * scale);
    sum_x += x;
    square_x += x * x;
    cross += x * double(mean[std::size_t(c[k])]);
  }
  const double n = double(mean.size());
  const double spread = (square_x - sum_x * sum_x / n) * (square_y - sum_y * sum_y / n);
  return spread > 0 ? (cross - sum_x * sum_y / n) / std::sqrt(spread) : std::nan("");
}

}  // namespace detail

/// Returns Pearson r over the genes between log1p(CP10K) of a cell and of its decoded mean, averaged over the cells
/// with counts. A cell whose counts or decoded mean are the same in all genes, whose r is undefined, counts as 0.
/// cells (N, G), batch_covariate (N) or empty
template <Autoencoder Model>
double reconstruction_correlation(const Model& model, const CellTable& cells,
                                  const std::vector<int>& batch_covariate = {}) {
  using T = typename Model::Scalar;
  CellBatches source(cells, {.batch = 256, .batch_covariate = batch_covariate});
  Tape<T> tape(Mode::no_gradient);
  CellBatch batch;
  const Index genes = model.genes();
  double total = 0;
  Index used = 0;
  std::vector<T> mean(to_size(genes));
  while (source.next(batch)) {
    tape.reset();
    const std::vector<Var<T>> out = model.decode(tape, model.encode(tape, batch).mean, batch.batch_covariate);
    for (Index b = 0; b < batch.size(); ++b) {
      if (batch.counts.row_columns(b).empty()) continue;
      kernel::count_means(model.options.link, out[0].value().data() + b * genes, T(1e4), genes, mean.data());
      const double r = detail::log_profile_correlation(batch.counts, b, 1e4 / double(batch.library[to_size(b)]), mean);
      if (!std::isnan(r)) total += r;
      ++used;
    }
  }
  return used == 0 ? 0.0 : total / double(used);
}

}  // namespace latentcell
