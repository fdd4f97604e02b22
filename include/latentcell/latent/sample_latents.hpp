#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/latent/integrate_path.hpp>
#include <latentcell/latent/obs_conditions.hpp>
#include <latentcell/sample/guidance.hpp>

namespace LATENTCELL_NAMESPACE {

/// The prediction of a flow under given condition values, as a field of guided() and integrate_path.
/// values (B, columns)
template <class Flow>
auto conditional_prediction(const Flow& flow, Tape<typename Flow::Scalar>& tape, Matrix<float> values) {
  using T = typename Flow::Scalar;
  return [&flow, &tape, values = std::move(values)](T t, ConstView<T> at, View<T> out) {
    tape.reset();
    T* const times = tape.scratch(at.rows());
    std::fill_n(times, at.rows(), t);
    out = flow.predict(tape, tape.constant(at), {times, to_size(at.rows())}, view(values)).value();
  };
}

namespace detail {

/// The unconditional prediction plus weight * (prediction of one attribute alone - unconditional prediction) for each
/// attribute; outside guidance's interval the weights are 1.
template <class Flow>
auto composed_prediction(const Flow& flow, Tape<typename Flow::Scalar>& tape, const Matrix<float>& values,
                         const SampleOptions& o) {
  using T = typename Flow::Scalar;
  const Matrix<float> none = Matrix<float>::Constant(values.rows(), values.cols(), unknown);
  using Field = decltype(conditional_prediction(flow, tape, values));
  std::vector<std::pair<Field, float>> pulls;
  std::string names;
  flow.condition.each([&](const auto& reader, Index first) {
    names += (names.empty() ? "'" : ", '") + reader.name() + "'";
    const auto at = o.guidance_each.find(reader.name());
    if (at == o.guidance_each.end()) return;
    Matrix<float> alone = none;
    alone.middleCols(first, reader.columns()) = values.middleCols(first, reader.columns());
    pulls.emplace_back(conditional_prediction(flow, tape, alone), at->second);
  });
  for (const auto& [name, weight] : o.guidance_each) {
    LATENTCELL_REQUIRE(names.find("'" + name + "'") != std::string::npos, "sample_latents: guidance_each names '", name,
                       "', which is no condition of the model; it has ", names);
  }
  return [pulls, unconditional = conditional_prediction(flow, tape, none), from = T(o.guidance_from),
          to = T(o.guidance_to), with = Matrix<T>(), base = Matrix<T>()](T t, ConstView<T> at, View<T> out) mutable {
    unconditional(t, at, out);
    base = out;
    with.resize(at.rows(), at.cols());
    const bool inside = t >= from && t <= to;
    for (const auto& [field, weight] : pulls) {
      field(t, at, View<T>(with.data(), with.rows(), with.cols()));
      out += (inside ? T(weight) : T(1)) * (with - base);
    }
  };
}

}  // namespace detail

/// Latents that are moved, with the condition of each.
template <class T>
struct LatentRows {
  View<T> z;                    // (B, D) standardised
  const Matrix<float>& values;  // (B, columns) of the condition, NaN unknown
  std::span<Rng> step_rng;      // (B) random numbers of each cell, for samplers that draw noise in each step
};

/// Moves standardised latents along the path of a flow from one time to another, in place, by the sampler and guidance
/// of the options.
template <class Flow, class S = OptionsSampler>
void sample_latents(const Flow& flow, Tape<typename Flow::Scalar>& tape, LatentRows<typename Flow::Scalar> rows,
                    const SampleOptions& o, const PathInterval& time = {}, const S& sampler = {}) {
  using T = typename Flow::Scalar;
  const Matrix<float>& values = rows.values;
  LATENTCELL_REQUIRE(o.eta == 0 || o.method == Method::ddim,
                     "sample_latents: eta is ddim's; choose Method::ddim or leave it 0");
  LATENTCELL_REQUIRE(o.guidance_each.empty() || o.guidance == 1.0f,
                     "sample_latents: give one guidance for all attributes or guidance_each, not both");
  const auto move = [&](FieldRef<T> prediction) {
    if constexpr (std::same_as<S, OptionsSampler>) {
      integrate_path<T>(flow.path, prediction, rows.z, o, rows.step_rng, time);
    } else {
      integrate_path<T>(flow.path, prediction, rows.z, time, sampler);
    }
  };
  if (o.guidance_each.empty()) {
    const Matrix<float> none = Matrix<float>::Constant(values.rows(), values.cols(), unknown);
    const auto with = conditional_prediction(flow, tape, values), without = conditional_prediction(flow, tape, none);
    auto field = guided<T>(FieldRef<T>(with), FieldRef<T>(without),
                           {.weight = o.guidance, .from = o.guidance_from, .to = o.guidance_to});
    move(field);
  } else {
    auto field = detail::composed_prediction(flow, tape, values, o);
    move(field);
  }
}

}  // namespace latentcell
