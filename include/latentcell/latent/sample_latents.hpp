#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/latent/obs_conditions.hpp>
#include <latentcell/latent/sample_options.hpp>
#include <latentcell/sample/denoise.hpp>
#include <latentcell/sample/guidance.hpp>
#include <latentcell/sample/integrate.hpp>

// Moving latents along the path of a flow, under conditions and guidance. A flow has `path`, `field` and `condition`.

namespace latentcell {

namespace detail {

/// The prediction of a flow under given attributes.     told (B, columns)
template <class Flow>
auto prediction(const Flow& flow, Tape<float>& tape, Matrix<float> told) {
  return [&flow, &tape, told = std::move(told)](float t, ConstView<float> at, View<float> out) {
    tape.reset();
    float* times = tape.scratch(at.rows());
    std::fill_n(times, at.rows(), t);
    const Var<float> c = flow.condition(tape, ConstView<float>(told.data(), told.rows(), told.cols()));
    out = flow.field(tape, tape.constant(at), {times, to_size(at.rows())}, c).value();
  };
}

/// The prediction where nothing is known, plus weight (prediction of an attribute alone - that) for each attribute;
/// outside guidance's interval the weights are 1.
template <class Flow>
auto composed_prediction(const Flow& flow, Tape<float>& tape, const Matrix<float>& told, const SampleOptions& o) {
  const Matrix<float> nothing = Matrix<float>::Constant(told.rows(), told.cols(), unknown);
  using Field = decltype(prediction(flow, tape, told));
  std::vector<std::pair<Field, float>> pulls;
  std::string names;
  flow.condition.each([&](const auto& reader, Index first) {
    names += (names.empty() ? "'" : ", '") + reader.name() + "'";
    const auto at = o.guidance_each.find(reader.name());
    if (at == o.guidance_each.end()) return;
    Matrix<float> alone = nothing;
    alone.middleCols(first, reader.columns()) = told.middleCols(first, reader.columns());
    pulls.emplace_back(prediction(flow, tape, alone), at->second);
  });
  for (const auto& [name, weight] : o.guidance_each) {
    LATENTCELL_REQUIRE(names.find("'" + name + "'") != std::string::npos, "generate: guidance_each names '", name,
                       "', which is no condition of the model; it has ", names);
  }
  return [pulls, none = prediction(flow, tape, nothing), from = o.guidance_from, to = o.guidance_to,
          with = Matrix<float>(), base = Matrix<float>()](float t, ConstView<float> at, View<float> out) mutable {
    none(t, at, out);
    base = out;
    with.resize(at.rows(), at.cols());
    const bool inside = t >= from && t <= to;
    for (const auto& [field, weight] : pulls) {
      field(t, at, View<float>(with.data(), with.rows(), with.cols()));
      out += (inside ? weight : 1.0f) * (with - base);
    }
  };
}

/// What a field predicts, turned into data or velocity.     map_of(t) -> LinearMap
template <class BlendOf>
auto turned(FieldRef<float> field, BlendOf map_of) {
  return [field, map_of](float t, ConstView<float> at, View<float> out) {
    field(t, at, out);
    const LinearMap b = map_of(double(t));
    const float of_z = float(b.z), of_prediction = float(b.prediction);
    float* const to = out.data();
    const float* const from = at.data();
    kernel::each_element(
        out.size(), [=](Index i) __attribute__((always_inline)) { to[i] = of_z * from[i] + of_prediction * to[i]; });
  };
}

template <Path PathType>
void integrate_path(const PathType& path, FieldRef<float> field, View<float> z, const SampleOptions& o,
                    std::span<Rng> fresh, double from, double to) {
  if (denoises(o.method)) {
    NoiseSource normal = [&](View<float> out) {
      for (Index i = 0; i < out.rows(); ++i) {
        for (Index j = 0; j < out.cols(); ++j) out(i, j) = float(fresh[to_size(i)].normal());
      }
    };
    const auto data = turned(field, [&](double t) { return path.denoised_from(t); });
    FieldRef<float> denoiser(data);
    denoise(denoiser, PathRef(path), z, {.method = o.method, .steps = o.steps, .from = from, .to = to, .eta = o.eta},
            normal);
  } else {
    const auto turned_field = turned(field, [&](double t) { return path.velocity_from(t); });
    FieldRef<float> velocity(turned_field);
    integrate(velocity, z, {.method = o.method, .steps = o.steps, .from = from, .to = to});
  }
}

}  // namespace detail

/// Carries standardised latents along the path of a flow from one time to another, in place, by the sampler and
/// guidance of the options.   z (B, D), told (B, columns) attributes, NaN unknown; fresh (B) random numbers of each
/// cell, for samplers that draw noise on the way
template <class Flow>
void sample_latents(const Flow& flow, Tape<float>& tape, View<float> z, const Matrix<float>& told,
                    const SampleOptions& o, std::span<Rng> fresh, double from = 0, double to = 1) {
  LATENTCELL_REQUIRE(o.eta == 0 || o.method == Method::ddim,
                     "generate: eta is ddim's; choose Method::ddim or leave it 0");
  LATENTCELL_REQUIRE(o.guidance_each.empty() || o.guidance == 1.0f,
                     "generate: give one guidance for all attributes or guidance_each, not both");
  if (o.guidance_each.empty()) {
    const Matrix<float> nothing = Matrix<float>::Constant(told.rows(), told.cols(), unknown);
    const auto with = detail::prediction(flow, tape, told), without = detail::prediction(flow, tape, nothing);
    auto field = guided<float>(FieldRef<float>(with), FieldRef<float>(without),
                               {.weight = o.guidance, .from = o.guidance_from, .to = o.guidance_to});
    detail::integrate_path(flow.path, field, z, o, fresh, from, to);
  } else {
    auto field = detail::composed_prediction(flow, tape, told, o);
    detail::integrate_path(flow.path, field, z, o, fresh, from, to);
  }
}

}  // namespace latentcell
