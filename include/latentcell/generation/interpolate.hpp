#pragma once

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/latent/latent_flow.hpp>

namespace LATENTCELL_NAMESPACE::generation {

struct InterpolateOptions {
  Index points = 11;      ///< cells along a path, both ends included, at least 2
  Index paths = 100;      ///< each from one noise, at least 1
  Index steps = 25;       ///< of the sampler, at least 1
  float guidance = 1.0f;  ///< classifier-free guidance of both ends; 1: none

  static void visit(auto& self, auto&& f) {
    f("points", self.points, at_least(2));
    f("paths", self.paths, at_least(1));
    f("steps", self.steps, at_least(1));
    f("guidance", self.guidance, finite());
  }
};

namespace detail {

/// The velocity of a path at position s in [0, 1]: (1 - s) that under condition a + s that under condition b.
/// a, b (1, columns)
template <class Flow>
class MixedVelocity {
 public:
  MixedVelocity(const Flow& flow, Tape<float>& tape, const Matrix<float>& a, const Matrix<float>& b,
                const InterpolateOptions& o)
      : of_a_(under(flow, tape, a, o.points)),
        of_b_(under(flow, tape, b, o.points)),
        of_none_(under(flow, tape, Matrix<float>::Constant(1, a.cols(), unknown), o.points)),
        guidance_(o.guidance),
        other_(o.points, flow.latent()) {}

  void operator()(float t, ConstView<float> z, View<float> out) {
    const GuidanceOptions guidance{.weight = guidance_};
    guided<float>(of_a_, of_none_, guidance)(t, z, out);
    guided<float>(of_b_, of_none_, guidance)(t, z, view(other_));
    const Index n = out.rows();
    for (Index i = 0; i < n; ++i) {
      const float s = float(i) / float(n - 1);
      out.row(i) = (1 - s) * out.row(i) + s * other_.row(i);
    }
  }

 private:
  static auto under(const Flow& flow, Tape<float>& tape, const Matrix<float>& condition, Index points) {
    return conditional_prediction(flow, tape, condition.replicate(points, 1));
  }
  using Prediction = decltype(under(std::declval<const Flow&>(), std::declval<Tape<float>&>(),
                                    std::declval<const Matrix<float>&>(), Index()));

  Prediction of_a_, of_b_, of_none_;
  float guidance_;
  Matrix<float> other_;
};

}  // namespace detail

/// Generates cells between two conditions: along a path the velocity goes over from that under `a` to that under `b`,
/// from the same noise (composed densities p_a^(1 - s) p_b^s: Liu et al., "Compositional visual generation with
/// composable diffusion models", 2022).
/// a, b: conditions as `generate` takes them -> (paths * points, D), path after path, with obs "path" and "share" (0 at
/// a, 1 at b) and at the ends the conditions
/// The library size, of a flow that was trained with some, is drawn under `a` with probability 1 - s, else under `b`.
/// Where no real cells lie between the two, the result is as far from real cells as a straight line between latents is:
/// see evaluate_interpolation.
template <class Flow>
LatentTable interpolate(const Flow& flow, const ConditionValues& a, const ConditionValues& b,
                        const InterpolateOptions& o, Rng& rng) {
  static_assert(std::is_same_v<typename Flow::Scalar, float>,
                "generation::interpolate is float: give it a flow whose backbone computes in float");
  check_options("interpolate", o);
  const Index d = flow.latent(), n = o.points;
  const Matrix<float> end_a = parse_conditions(flow.condition, a), end_b = parse_conditions(flow.condition, b);
  const std::string& attribute = flow.options.library_attribute;
  const int level_a = label_codes(flow.condition, view(end_a), attribute).front(),
            level_b = label_codes(flow.condition, view(end_b), attribute).front();
  const bool sized = flow.library_size.has_sizes();
  const Rng own = rng.fork();
  LatentTable out;
  out.mean.resize(o.paths * n, d);
  Matrix<float> observed = Matrix<float>::Constant(o.paths * n, end_a.cols(), unknown);
  std::vector<double> shares, path;
  Tape<float> tape(Mode::no_gradient);
  detail::MixedVelocity<Flow> mixed(flow, tape, end_a, end_b, o);
  for (Index p = 0; p < o.paths; ++p) {
    View<float> z(out.mean.data() + p * n * d, n, d);
    Rng noise = own.at(std::uint64_t(p));
    for (Index j = 0; j < d; ++j) z(0, j) = float(noise.normal());
    for (Index i = 1; i < n; ++i) z.row(i) = z.row(0);
    std::vector<Rng> sampler_rng(to_size(n), noise);
    integrate_path(flow.path, mixed, z, {.steps = o.steps}, sampler_rng, {});
    observed.row(p * n) = end_a.row(0);
    observed.row(p * n + n - 1) = end_b.row(0);
    for (Index i = 0; i < n; ++i) {
      const float share = float(i) / float(n - 1);
      Rng cell = own.at(std::uint64_t(o.paths + p * n + i));
      const int level = cell.uniform_double() < double(share) ? level_b : level_a;
      if (sized) out.library.push_back(flow.library_size.draw(z.data() + i * d, level, cell));
      out.cell_names.push_back(text("path_", p, "_", i));
      shares.push_back(double(share));
      path.push_back(double(p));
    }
    flow.scaler.invert(z);
  }
  out.cell_columns = Annotation(o.paths * n);
  write_conditions(flow.condition, observed, out.cell_columns);
  out.cell_columns.set("path", path);
  out.cell_columns.set("share", shares);
  return out;
}

}  // namespace latentcell::generation
