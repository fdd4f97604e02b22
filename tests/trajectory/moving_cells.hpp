#pragma once

#include <string>
#include <vector>

#include <latentcell/core/rng.hpp>
#include <latentcell/data/latent_table.hpp>
#include <latentcell/trajectory/model.hpp>

// Cells whose motion is planted.

namespace moving_cells {

using latentcell::Index;
using latentcell::to_size;
namespace trajectory = latentcell::trajectory;

/// Cells that move by (3, 0) per unit of time on two lines, "lower" at -2 and "upper" at 2, with deviation 0.3.
inline latentcell::LatentTable two_lines(Index cells_of_a_time, const std::vector<double>& times, std::uint64_t seed) {
  latentcell::Rng rng(seed);
  latentcell::LatentTable out;
  out.mean.resize(cells_of_a_time * Index(times.size()), 2);
  std::vector<double> time;
  std::vector<std::string> line;
  for (std::size_t k = 0; k < times.size(); ++k) {
    for (Index i = 0; i < cells_of_a_time; ++i) {
      const Index row = Index(k) * cells_of_a_time + i;
      out.mean(row, 0) = float(3 * times[k] + 0.3 * rng.normal());
      out.mean(row, 1) = float((i % 2 == 0 ? -2 : 2) + 0.3 * rng.normal());
      time.push_back(times[k]);
      line.push_back(i % 2 == 0 ? "lower" : "upper");
      out.library.push_back(100);
      out.cell_names.push_back(latentcell::text("cell_", row));
    }
  }
  out.cell_columns = latentcell::Annotation(out.cells());
  out.cell_columns.set("time", time);
  out.cell_columns.set("line", latentcell::to_categorical(line));
  return out;
}

inline trajectory::Options small_options(double noise = 0) {
  trajectory::Options o;
  o.velocity.net = {.latent = 2, .width = 48, .depth = 2, .condition = 2};
  o.velocity.noise = noise;
  o.paths.window = 60;
  o.paths.epsilon = 0.05;
  o.paths.marginal_relaxation = 0;
  o.paths.pairs = 4000;
  return o;
}

/// A model of times 0 to `last` whose velocity is (x, y) per unit of time everywhere, in either direction.
inline trajectory::Model constant_velocity(double last, float x, float y, double noise = 0) {
  latentcell::Rng rng(1);
  trajectory::Model model(small_options(noise), rng);
  model.velocity.time_range.value << 0, last;
  model.velocity.net.last.bias.value << float(last) * x, float(last) * y;
  return model;
}

}  // namespace moving_cells
