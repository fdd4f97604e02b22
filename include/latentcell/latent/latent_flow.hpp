#pragma once

#include <string>
#include <vector>

#include <latentcell/backbone/backbone.hpp>
#include <latentcell/core/random_draw.hpp>
#include <latentcell/data/latent_table.hpp>
#include <latentcell/flow/flow_path.hpp>
#include <latentcell/flow/rectified_flow.hpp>
#include <latentcell/latent/library_size_model.hpp>
#include <latentcell/latent/obs_conditions.hpp>
#include <latentcell/latent/sample_latents.hpp>
#include <latentcell/nn/standardizer.hpp>
#include <latentcell/op/mse.hpp>

namespace LATENTCELL_NAMESPACE {

struct LatentFlowOptions {
  float label_dropout = 0.1f;      ///< share of cells whose attributes are all unknown in training, in [0, 1]. Larger:
                                   ///< a better unconditional prediction for guidance. Smaller: more conditional steps
  float attribute_dropout = 0.1f;  ///< with several attributes, share of cells that lose each one besides, in [0, 1].
                                   ///< Larger: better samples with an attribute unknown and guidance of one attribute
  std::string library_attribute = {};  ///< label attribute that library sizes follow; empty: the first, if any

  static void visit(auto& self, auto&& f) {
    f("label_dropout", self.label_dropout, in(0, 1));
    f("attribute_dropout", self.attribute_dropout, in(0, 1));
    f("library_attribute", self.library_attribute);
  }
};

/// Stage 2: a flow or diffusion over standardised latents under a condition, with the scale of the latents and a model
/// of library sizes. Computes in the backbone's scalar; tables of latents and condition values are stored as float.
/// Condition: from_obs or conditions. PathType: RectifiedFlow or Ddpm, which defines what is predicted.
template <Backbone Net, class Condition, FlowPath PathType = RectifiedFlow>
struct LatentFlow {
  using Scalar = typename Net::Scalar;
  using T = Scalar;
  LatentFlowOptions options;
  PathType path;
  Net velocity_net;
  Condition condition;
  Standardizer<T> scaler;  // of the latents, posterior noise included
  LibrarySizeModel<T> library_size;

  LatentFlow(PathType p, Net f, Condition c, LatentFlowOptions o = {})
      : options(check_options("LatentFlow", std::move(o))),
        path(check_options("LatentFlow: path", std::move(p))),
        velocity_net(std::move(f)),
        condition(std::move(c)),
        scaler(velocity_net.options.latent),
        library_size(velocity_net.options.latent, Index(label_levels(condition, options.library_attribute).size())) {
    LATENTCELL_REQUIRE(condition.width() == velocity_net.options.condition, "LatentFlow: the condition is ",
                       condition.width(), " wide but the backbone takes ", velocity_net.options.condition);
  }

  Index latent() const { return scaler.columns(); }

  /// Fits scale and library sizes to the training latents.
  void start(const LatentTable& table) {
    fit_scaler(table);
    fit_library_size(table);
  }

  /// Fits the scale to the latents, with the variance of their posteriors.
  void fit_scaler(const LatentTable& table) {
    require_latents(table);
    scaler.fit(table.mean, table.deviation);
  }

  /// Fits the library sizes to the training latents; the scale is unchanged.
  void fit_library_size(const LatentTable& table) {
    require_latents(table);
    const Matrix<float> values = read_conditions(condition, table.cell_columns, table.cells());
    library_size.fit(scaler.apply(Matrix<T>(table.mean.template cast<T>())), table.library,
                     label_codes(condition, view(values), options.library_attribute));
  }

  /// Mean squared error of the prediction, weighted by the path. The gradient reaches z where z carries one.
  /// z (B, D) in units of the autoencoder, values (B, condition.columns()), NaN unknown; source (B, D) standardised
  /// starts of the paths, drawn from N(0, 1) where there are none -> (1, 1)
  Var<T> loss(Tape<T>& tape, Var<T> z, ConstView<float> values,
              ConstView<T> source = ConstView<T>(nullptr, 0, 0)) const {
    const Index batch = z.rows(), d = z.cols();
    LATENTCELL_REQUIRE(values.rows() == batch && values.cols() == condition.columns(), "LatentFlow::loss: ", batch,
                       " latents with condition values (", values.rows(), ", ", values.cols(), "), expected ",
                       condition.columns(), " columns");
    LATENTCELL_REQUIRE(source.size() == 0 || (source.rows() == batch && source.cols() == d),
                       "LatentFlow::loss: source (", source.rows(), ", ", source.cols(), ") for latents (", batch, ", ",
                       d, ")");
    const Var<T> data = scaler.apply(z);
    const T* const start = source.size() > 0 ? source.data() : draw_noise(tape, data, values);
    const ConstView<float> shown = drop_attributes(tape, values);
    T* const t = tape.scratch(batch);
    const std::span<const T> times(t, to_size(batch));
    path.draw_times(tape.rng(), std::span<T>(t, to_size(batch)));
    if (data.needs_grad()) return differentiable_loss(tape, times, data, start, shown);
    T *const z_t = tape.scratch(batch * d), *const target = tape.scratch(batch * d);
    path.interpolate(times, ConstView<T>(start, batch, d), data.value(), View<T>(z_t, batch, d),
                     View<T>(target, batch, d));
    const Var<T> v = predict(tape, tape.constant(ConstView<T>(z_t, batch, d)), times, shown);
    return mse(v, ConstView<T>(target, batch, d), weights(tape, times));
  }
  Var<T> loss(Tape<T>& tape, ConstView<T> z, ConstView<float> values) const {
    return loss(tape, tape.constant(z), values);
  }

  /// The prediction of the backbone.     z_t (B, D) standardised, t (B), values (B, condition.columns()) -> (B, D)
  Var<T> predict(Tape<T>& tape, Var<T> z_t, std::span<const T> t, ConstView<float> values) const {
    return velocity_net(tape, z_t, t, condition(tape, values));
  }

  /// The path's weight in the loss at each time.     t (B) -> (B) in the tape's memory
  const T* weights(Tape<T>& tape, std::span<const T> t) const {
    T* const out = tape.scratch(Index(t.size()));
    for (std::size_t b = 0; b < t.size(); ++b) out[b] = T(path.weight(double(t[b])));
    return out;
  }

  /// Samples cells: latents in units of the autoencoder, obs columns of the attributes, library sizes where the flow
  /// was trained with some.
  LatentTable generate(const SampleOptions& o, Rng& rng) const;
  /// The same with a sampler of the caller's own; steps and method of the options are unused.
  template <Sampler<T> S>
  LatentTable generate(const SampleOptions& o, Rng& rng, const S& sampler) const {
    return generate_with(o, rng, sampler);
  }

  static void visit(auto& self, auto&& f) {
    f("path", self.path);
    f("velocity_net", self.velocity_net);
    f("condition", self.condition);
    f("scaler", self.scaler);
    f("library_size", self.library_size);
  }

 private:
  // sampler: a Sampler, or OptionsSampler
  template <class S>
  LatentTable generate_with(const SampleOptions& o, Rng& rng, const S& sampler) const;

  void require_latents(const LatentTable& table) const {
    table.check();
    LATENTCELL_REQUIRE(table.latent() == latent(), "LatentFlow: latents of ", table.latent(),
                       " dimensions but the flow has ", latent());
    LATENTCELL_REQUIRE(table.cells() > 0, "LatentFlow: there are no cells");
  }

  // Standard normal starts of the paths, permuted among cells of the same attributes by the path's coupling.
  T* draw_noise(Tape<T>& tape, Var<T> data, ConstView<float> values) const {
    const Index batch = data.rows(), d = data.cols();
    T* const noise = tape.scratch(batch * d);
    for (Index i = 0; i < batch * d; ++i) noise[i] = T(tape.rng().normal());
    if constexpr (PathType::couples) couple(tape, values, data.value(), View<T>(noise, batch, d));
    return noise;
  }

  // In training, attributes of some cells become unknown: all of a cell, or one.
  ConstView<float> drop_attributes(Tape<T>& tape, ConstView<float> values) const {
    float* const copy = tape.template scratch_of<float>(values.size());
    View<float> shown(copy, values.rows(), values.cols());
    std::copy_n(values.data(), values.size(), copy);
    if (tape.mode() == Mode::train) {
      if (condition.attributes > 1) {
        condition.each([&](const auto& reader, Index first) {
          drop_attribute(shown, first, reader.columns(), options.attribute_dropout, tape.rng());
        });
      }
      drop_attribute(shown, 0, shown.cols(), options.label_dropout, tape.rng());
    }
    return shown;
  }

  // The same loss with point and target as operations, so that the gradient reaches the data.
  Var<T> differentiable_loss(Tape<T>& tape, std::span<const T> t, Var<T> data, const T* start,
                             ConstView<float> values) const {
    const Index batch = data.rows(), d = data.cols();
    T* const of[4] = {tape.scratch(batch * d), tape.scratch(batch * d), tape.scratch(batch * d),
                      tape.scratch(batch * d)};
    for (Index b = 0; b < batch; ++b) {
      const TargetCoefficients<T> s = path.coefficients(t[to_size(b)]);
      for (Index j = 0; j < d; ++j) {
        const Index i = b * d + j;
        of[0][i] = s.z_data, of[1][i] = s.z_noise * start[i], of[2][i] = s.target_data,
        of[3][i] = s.target_noise * start[i];
      }
    }
    const auto full = [&](int i) { return tape.constant(ConstView<T>(of[i], batch, d)); };
    const Var<T> z_t = add(mul(data, full(0)), full(1)), target = add(mul(data, full(2)), full(3));
    const Var<T> v = predict(tape, z_t, t, values);
    T* const zero = tape.scratch(batch * d);
    std::fill_n(zero, batch * d, T(0));
    return mse(add(v, scale(target, T(-1))), ConstView<T>(zero, batch, d), weights(tape, t));
  }

  // Condition values of the cells to generate.
  Matrix<float> target_values(const SampleOptions& o) const {
    if (!o.cells.columns().empty()) {
      LATENTCELL_REQUIRE(o.condition.empty(), "generate: give the cells' obs or one condition for all, not both");
      condition.each([&](const auto& reader, Index) {
        if constexpr (requires { reader.require_levels(o.cells); }) reader.require_levels(o.cells);
      });
      return read_conditions(condition, o.cells);
    }
    return parse_conditions(condition, o.condition).replicate(o.count, 1);
  }

  // Noise changes places only among cells of the same attributes.
  void couple(Tape<T>& tape, ConstView<float> values, ConstView<T> data, View<T> noise) const {
    if (path.coupling == Coupling::independent) return;
    const Index batch = values.rows();
    int* const group = tape.template scratch_of<int>(batch);
    const auto same = [&](Index b, Index c) {
      for (Index k = 0; k < values.cols(); ++k) {
        const float x = values(b, k), y = values(c, k);
        if (x != y && !(std::isnan(x) && std::isnan(y))) return false;
      }
      return true;
    };
    for (Index b = 0; b < batch; ++b) {
      Index first = 0;
      while (first < b && !same(b, first)) ++first;
      group[b] = int(first);
    }
    latentcell::couple(path.coupling, data, noise, {group, to_size(batch)}, tape.rng());
  }
};

template <Backbone Net, class Condition, FlowPath PathType>
LatentTable LatentFlow<Net, Condition, PathType>::generate(const SampleOptions& o, Rng& rng) const {
  return generate_with(o, rng, OptionsSampler{});
}

template <Backbone Net, class Condition, FlowPath PathType>
template <class S>
LatentTable LatentFlow<Net, Condition, PathType>::generate_with(const SampleOptions& o, Rng& rng,
                                                                const S& sampler) const {
  check_options("generate", o);
  const Matrix<float> values = target_values(o);
  const std::vector<int> codes = label_codes(condition, view(values), options.library_attribute);
  const Index n = values.rows(), d = latent(), of = o.of > 0 ? o.of : o.first + n;
  LATENTCELL_REQUIRE(o.first + n <= of, "generate: cells ", o.first, " to ", o.first + n, " of only ", of);
  const Rng own = rng.fork();
  LatentTable out;
  out.mean.resize(n, d);
  if (library_size.has_sizes()) out.library.resize(to_size(n));
  Tape<T> tape(Mode::no_gradient);
  for (Index first = 0; first < n; first += o.batch) {
    const Index count = std::min(o.batch, n - first);
    Matrix<T> z(count, d);
    std::vector<Rng> step_rng;
    for (Index i = 0; i < count; ++i) {
      Rng cell = own.at(std::uint64_t(o.first + first + i));
      for (Index j = 0; j < d; ++j) z(i, j) = T(cell.normal());
      step_rng.push_back(own.at(std::uint64_t(2 * of + o.first + first + i)));
    }
    sample_latents(*this, tape, {view(z), values.middleRows(first, count), step_rng}, o, {}, sampler);
    for (Index i = 0; i < count && !out.library.empty(); ++i) {
      Rng cell = own.at(std::uint64_t(of + o.first + first + i));
      out.library[to_size(first + i)] = library_size.draw(z.data() + i * d, codes[to_size(first + i)], cell);
    }
    scaler.invert(view(z));
    out.mean.middleRows(first, count) = z.template cast<float>();
  }
  out.cell_columns = Annotation(n);
  write_conditions(condition, values, out.cell_columns);
  for (Index i = 0; i < n; ++i) out.cell_names.push_back(text("generated_", o.first + i));
  return out;
}

}  // namespace latentcell
