#pragma once

#include <string>
#include <vector>

#include <latentcell/latent/latent_flow.hpp>

namespace latentcell::generation {

struct InterpolateOptions {
  Index points = 11;      ///< from one end to the other, both ends included
  Index paths = 100;      ///< of `points` cells each, from one noise
  Index steps = 25;       ///< of the sampler
  float guidance = 1.0f;  ///< classifier-free guidance of both ends
};

/// Cells between two kinds of cells: along a path the velocity is (1 - s) that of the one kind + s that of the other,
/// from the same noise (composed densities, p_a^(1 - s) p_b^s: Liu et al., "Compositional visual generation with
/// composable diffusion models", 2022). Where there are no real cells between the kinds, these are as far from real
/// ones as a straight line between latents is: evaluate_interpolation tells.
/// a, b: conditions as `generate` takes them; -> paths * points latents, path after path, with obs "path" and "share"
/// (0 at a, 1 at b) and at the ends the conditions; the library size is drawn as for a with chance 1 - s, else for b
template <class Flow>
LatentTable interpolate(const Flow& flow, const std::map<std::string, std::string>& a,
                        const std::map<std::string, std::string>& b, const InterpolateOptions& o, Rng& rng) {
  LATENTCELL_REQUIRE(o.points >= 2 && o.paths >= 1 && o.steps >= 1, "interpolate: points ", o.points,
                     " must be at least 2, paths ", o.paths, " and steps ", o.steps, " at least 1");
  const Index d = flow.latent(), n = o.points;
  const Matrix<float> end_a = parse_conditions(flow.condition, a), end_b = parse_conditions(flow.condition, b);
  const Matrix<float> told_a = end_a.replicate(n, 1), told_b = end_b.replicate(n, 1);
  const Matrix<float> nothing = Matrix<float>::Constant(n, told_a.cols(), unknown);
  const auto level = [&](const Matrix<float>& told) {
    return label_codes(flow.condition, ConstView<float>(told.data(), 1, told.cols())).front();
  };
  const int level_a = level(end_a), level_b = level(end_b);
  const auto share = [&](Index i) { return float(i) / float(n - 1); };
  const Rng own = rng.fork();
  LatentTable out;
  out.mean.resize(o.paths * n, d);
  Matrix<float> known = Matrix<float>::Constant(o.paths * n, told_a.cols(), unknown);
  std::vector<double> shares, path;
  Tape<float> tape(Mode::no_gradient);
  Matrix<float> other(n, d);
  const GuidanceOptions pull{.weight = o.guidance};
  auto of_a = guided<float>(latentcell::detail::prediction(flow, tape, told_a),
                            latentcell::detail::prediction(flow, tape, nothing), pull);
  auto of_b = guided<float>(latentcell::detail::prediction(flow, tape, told_b),
                            latentcell::detail::prediction(flow, tape, nothing), pull);
  const auto mixed = [&](float t, ConstView<float> at, View<float> to) {
    of_a(t, at, to);
    of_b(t, at, View<float>(other.data(), n, d));
    for (Index i = 0; i < n; ++i) to.row(i) = (1 - share(i)) * to.row(i) + share(i) * other.row(i);
  };
  for (Index p = 0; p < o.paths; ++p) {
    View<float> z(out.mean.data() + p * n * d, n, d);
    Rng noise = own.at(std::uint64_t(p));
    for (Index j = 0; j < d; ++j) z(0, j) = float(noise.normal());
    for (Index i = 1; i < n; ++i) z.row(i) = z.row(0);
    std::vector<Rng> fresh(to_size(n), noise);
    latentcell::detail::integrate_path(flow.path, mixed, z, {.steps = o.steps}, fresh, 0, 1);
    known.row(p * n) = end_a.row(0);
    known.row(p * n + n - 1) = end_b.row(0);
    for (Index i = 0; i < n; ++i) {
      Rng cell = own.at(std::uint64_t(o.paths + p * n + i));
      const int like = cell.uniform_double() < double(share(i)) ? level_b : level_a;
      out.library.push_back(flow.library.draw(z.data() + i * d, like, cell));
      for (Index j = 0; j < d; ++j) z(i, j) = z(i, j) * flow.spread.value(0, j) + flow.center.value(0, j);
      out.cell_names.push_back(text("path_", p, "_", i));
      shares.push_back(double(share(i)));
      path.push_back(double(p));
    }
  }
  out.cell_columns = Annotation(o.paths * n);
  write_conditions(flow.condition, known, out.cell_columns);
  out.cell_columns.set("path", path);
  out.cell_columns.set("share", shares);
  return out;
}

}  // namespace latentcell::generation
