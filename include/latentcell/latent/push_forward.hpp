#pragma once

#include <algorithm>
#include <vector>

#include <latentcell/latent/latent_flow.hpp>

namespace LATENTCELL_NAMESPACE {

/// Moves cells along a flow of fit_ot_flow, under the attributes in `attributes` or, without rows, in their own obs.
/// Steps, sampler and guidance as for generation; `noise` as in training. Each cell keeps its name and library size.
/// from (N, D), attributes (N) or without rows -> (N, D)
template <class Flow>
LatentTable push_forward(const Flow& flow, const LatentTable& from, const Annotation& attributes,
                         const SampleOptions& o, float noise, Rng& rng) {
  using T = typename Flow::Scalar;
  check_options("push_forward", o);
  from.check();
  LATENTCELL_REQUIRE(from.latent() == flow.latent(), "push_forward: latents of ", from.latent(),
                     " dimensions for a flow of ", flow.latent());
  LATENTCELL_REQUIRE(attributes.rows() == 0 || attributes.rows() == from.cells(), "push_forward: attributes of ",
                     attributes.rows(), " cells for ", from.cells());
  LatentTable out = from;
  out.deviation.resize(0, 0);
  out.cell_columns = attributes.rows() > 0 ? attributes : from.cell_columns.for_rows(from.cells());
  const Matrix<float> values = read_conditions(flow.condition, out.cell_columns);
  const Index d = flow.latent();
  const Rng own = rng.fork();
  Tape<T> tape(Mode::no_gradient);
  for (Index first = 0; first < from.cells(); first += o.batch) {
    const Index count = std::min(o.batch, from.cells() - first);
    Matrix<T> z = flow.scaler.apply(Matrix<T>(from.mean.middleRows(first, count).template cast<T>()));
    std::vector<Rng> step_rng;
    for (Index i = 0; i < count; ++i) {
      step_rng.push_back(own.at(std::uint64_t(first + i)));
      for (Index j = 0; j < d && noise > 0; ++j) z(i, j) += T(noise * float(step_rng.back().normal()));
    }
    sample_latents(flow, tape, {view(z), values.middleRows(first, count), step_rng}, o);
    flow.scaler.invert(view(z));
    out.mean.middleRows(first, count) = z.template cast<float>();
  }
  return out;
}

}  // namespace latentcell
