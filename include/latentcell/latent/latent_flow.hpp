#pragma once

#include <string>
#include <vector>

#include <latentcell/op/affine.hpp>
#include <latentcell/op/mse.hpp>
#include <latentcell/core/random_draw.hpp>
#include <latentcell/data/latent_table.hpp>
#include <latentcell/flow/rectified_flow.hpp>
#include <latentcell/latent/sample_latents.hpp>
#include <latentcell/latent/obs_conditions.hpp>
#include <latentcell/latent/library_size_model.hpp>

namespace latentcell {

struct LatentFlowOptions {
  float label_dropout = 0.1f;      ///< share of cells that lose all attributes while training; what guidance leans on
  float attribute_dropout = 0.1f;  ///< where there are several: share of cells that lose each one besides; what lets
                                   ///< one stay unknown in generation, and guidance of one attribute

  static void visit(auto& self, auto&& f) {
    f("label_dropout", self.label_dropout, in(0, 1));
    f("attribute_dropout", self.attribute_dropout, in(0, 1));
  }
};

/// Stage 2: a flow or diffusion over standardised latents under a condition, with all that generation needs besides:
/// the scale of the latents and the library sizes of each level.
/// Backbone: f(tape, z, t, condition) -> prediction. Condition: FromObs over a conditioner. PathType: RectifiedFlow or
/// Ddpm, which says what is predicted.
template <class Backbone, class Condition, class PathType = RectifiedFlow>
struct LatentFlow {
  using Scalar = float;
  LatentFlowOptions options;
  PathType path;
  Backbone field;
  Condition condition;
  Buffer<float> center;  // (1, D) mean of the latents
  Buffer<float> spread;  // (1, D) standard deviation of the latents, posterior noise included
  LibrarySizeModel library;

  LatentFlow(PathType p, Backbone f, Condition c, LatentFlowOptions o = {})
      : options(check_options("LatentFlow", o)),
        path(check_options("LatentFlow: path", p)),
        field(std::move(f)),
        condition(std::move(c)),
        center(1, field.options.latent),
        spread(1, field.options.latent),
        library(field.options.latent, Index(label_levels(condition).size())) {
    spread.value.setOnes();
    LATENTCELL_REQUIRE(condition.width() == field.options.condition, "LatentFlow: the condition is ", condition.width(),
                       " wide but the field takes ", field.options.condition);
  }

  Index latent() const { return center.value.cols(); }

  /// Takes scale and library sizes from the training latents.
  void start(const LatentTable& table) {
    scale_to(table);
    relearn_library(table);
  }

  /// Takes the latents' scale alone from the training latents: centre, and spread of what their posteriors hold.
  void scale_to(const LatentTable& table) {
    LATENTCELL_REQUIRE(table.latent() == latent(), "LatentFlow: latents of ", table.latent(),
                       " dimensions but the field has ", latent());
    const double n = double(table.cells());
    for (Index j = 0; j < latent(); ++j) {
      double mean = 0, square = 0;
      for (Index i = 0; i < table.cells(); ++i) mean += double(table.mean(i, j)) / n;
      for (Index i = 0; i < table.cells(); ++i) {
        const double gap = double(table.mean(i, j)) - mean;
        const double own = table.deviation.size() > 0 ? double(table.deviation(i, j)) : 0.0;
        square += (gap * gap + own * own) / n;
      }
      center.value(0, j) = float(mean);
      spread.value(0, j) = float(std::max(1e-3, std::sqrt(square)));
    }
  }

  /// Takes the library sizes alone from the training latents: their scale stays.
  void relearn_library(const LatentTable& table) {
    Matrix<float> z = table.mean;
    for (Index j = 0; j < latent(); ++j)
      z.col(j).array() = (z.col(j).array() - center.value(0, j)) / spread.value(0, j);
    learn_library(z, table);
  }

  /// Mean squared error of the prediction, weighted as the path says.
  /// z (B, D), known (B, condition.columns()), NaN unknown -> (1, 1)
  Var<float> loss(Tape<float>& tape, ConstView<float> z, ConstView<float> known) const {
    const Index batch = z.rows(), d = z.cols();
    float *const x = tape.scratch(batch * d), *const noise = tape.scratch(batch * d);
    for (Index b = 0; b < batch; ++b) {
      for (Index j = 0; j < d; ++j) {
        x[b * d + j] = (z(b, j) - center.value(0, j)) / spread.value(0, j);
        noise[b * d + j] = float(tape.rng().normal());
      }
    }
    if constexpr (PathType::couples) couple(tape, known, ConstView<float>(x, batch, d), View<float>(noise, batch, d));
    return loss_between(tape, ConstView<float>(noise, batch, d), ConstView<float>(x, batch, d), known);
  }

  /// The same from given starts in place of noise, both ends standardised.     start, end (B, D) -> (1, 1)
  Var<float> loss_between(Tape<float>& tape, ConstView<float> start, ConstView<float> end,
                          ConstView<float> known) const {
    const Index batch = end.rows(), d = end.cols();
    float *const z_t = tape.scratch(batch * d), *const target = tape.scratch(batch * d), *const t = tape.scratch(batch);
    View<float> told(tape.scratch(known.size()), batch, known.cols());
    std::copy_n(known.data(), known.size(), told.data());
    if (tape.mode() == Mode::train) drop(told, tape.rng());
    path.draw_times(tape.rng(), std::span<float>(t, to_size(batch)));
    path.interpolate(std::span<const float>(t, to_size(batch)), start, end, View<float>(z_t, batch, d),
                     View<float>(target, batch, d));
    return loss_at(tape, {t, to_size(batch)}, ConstView<float>(z_t, batch, d), ConstView<float>(target, batch, d),
                   as_const(told));
  }

  /// The same with a gradient that reaches the latents, and through them whatever made them.     z (B, D) -> (1, 1)
  Var<float> loss_through(Tape<float>& tape, Var<float> z, ConstView<float> known) const {
    const Index batch = z.rows(), d = z.cols();
    float *const scale_by = tape.scratch(d), *const shift = tape.scratch(d), *const noise = tape.scratch(batch * d),
                 *const t = tape.scratch(batch);
    for (Index j = 0; j < d; ++j) {
      scale_by[j] = 1 / spread.value(0, j);
      shift[j] = -center.value(0, j) / spread.value(0, j);
    }
    const auto row = [&](const float* p) { return tape.constant(ConstView<float>(p, 1, d)); };
    const Var<float> x = affine(z, row(scale_by), row(shift));
    for (Index i = 0; i < batch * d; ++i) noise[i] = float(tape.rng().normal());
    View<float> told(tape.scratch(known.size()), batch, known.cols());
    std::copy_n(known.data(), known.size(), told.data());
    if constexpr (PathType::couples) couple(tape, as_const(told), x.value(), View<float>(noise, batch, d));
    if (tape.mode() == Mode::train) drop(told, tape.rng());
    path.draw_times(tape.rng(), std::span<float>(t, to_size(batch)));
    float* const of[4] = {tape.scratch(batch * d), tape.scratch(batch * d), tape.scratch(batch * d),
                          tape.scratch(batch * d)};
    for (Index b = 0; b < batch; ++b) {
      const TargetCoefficients<float> s = path.coefficients(t[b]);
      for (Index j = 0; j < d; ++j) {
        const Index i = b * d + j;
        of[0][i] = s.z_data, of[1][i] = s.z_noise * noise[i], of[2][i] = s.target_data,
        of[3][i] = s.target_noise * noise[i];
      }
    }
    const auto full = [&](int i) { return tape.constant(ConstView<float>(of[i], batch, d)); };
    const Var<float> z_t = add(mul(x, full(0)), full(1)), target = add(mul(x, full(2)), full(3));
    const Var<float> v = field(tape, z_t, {t, to_size(batch)}, condition(tape, as_const(told)));
    float* const weight = tape.scratch(batch);
    for (Index b = 0; b < batch; ++b) weight[b] = float(path.weight(double(t[b])));
    float* const zero = tape.scratch(batch * d);
    std::fill_n(zero, batch * d, 0.0f);
    return mse(add(v, scale(target, -1.0f)), ConstView<float>(zero, batch, d), weight);
  }

  /// The same at given points of paths, standardised.     t (B), z_t and target (B, D), known (B, columns) -> (1, 1)
  Var<float> loss_at(Tape<float>& tape, std::span<const float> t, ConstView<float> z_t, ConstView<float> target,
                     ConstView<float> known) const {
    const Var<float> v = field(tape, tape.constant(z_t), t, condition(tape, known));
    float* weight = tape.scratch(z_t.rows());
    for (Index b = 0; b < z_t.rows(); ++b) weight[b] = float(path.weight(double(t[to_size(b)])));
    return mse(v, target, weight);
  }

  /// New cells: latents in the autoencoder's own units, labels, library sizes.
  LatentTable generate(const SampleOptions& o, Rng& rng) const {
    LATENTCELL_REQUIRE(o.count >= 0, "generate: count must not be negative, got ", o.count);
    LATENTCELL_REQUIRE(o.batch >= 1, "generate: batch must be at least 1, got ", o.batch);
    const Matrix<float> known = wanted(o);
    const std::vector<int> codes = label_codes(condition, ConstView<float>(known.data(), known.rows(), known.cols()));
    const Index n = known.rows(), d = latent();
    const Rng own = rng.fork();
    LatentTable out;
    out.mean.resize(n, d);
    out.library.resize(to_size(n));
    Tape<float> tape(Mode::no_gradient);
    for (Index first = 0; first < n; first += o.batch) {
      const Index count = std::min(o.batch, n - first);
      View<float> z(out.mean.data() + first * d, count, d);
      for (Index i = 0; i < count; ++i) {
        Rng cell = own.at(std::uint64_t(first + i));
        for (Index j = 0; j < d; ++j) z(i, j) = float(cell.normal());
      }
      const Matrix<float> told = known.middleRows(first, count);
      std::vector<Rng> fresh;
      for (Index i = 0; i < count; ++i) fresh.push_back(own.at(std::uint64_t(2 * n + first + i)));
      sample_latents(*this, tape, z, told, o, fresh);
      for (Index i = 0; i < count; ++i) {
        Rng cell = own.at(std::uint64_t(n + first + i));
        out.library[to_size(first + i)] = library.draw(z.data() + i * d, codes[to_size(first + i)], cell);
        for (Index j = 0; j < d; ++j) z(i, j) = z(i, j) * spread.value(0, j) + center.value(0, j);
      }
    }
    out.cell_columns = Annotation(n);
    write_conditions(condition, known, out.cell_columns);
    for (Index i = 0; i < n; ++i) out.cell_names.push_back(text("generated_", i));
    return out;
  }

  static void visit(auto& self, auto&& f) {
    f("path", self.path);
    f("field", self.field);
    f("condition", self.condition);
    f("center", self.center);
    f("spread", self.spread);
    f("library", self.library);
  }

 private:
  void learn_library(const Matrix<float>& z, const LatentTable& table) {
    const Matrix<float> known = read_conditions(condition, table.cell_columns);
    library.learn(z, table.library, label_codes(condition, ConstView<float>(known.data(), known.rows(), known.cols())));
  }

  // Attributes of the cells to generate.
  Matrix<float> wanted(const SampleOptions& o) const {
    if (!o.cells.columns().empty()) {
      LATENTCELL_REQUIRE(o.condition.empty(), "generate: give the cells' obs or one condition for all, not both");
      condition.each([&](const auto& reader, Index) {
        if constexpr (requires { reader.require_known(o.cells); }) reader.require_known(o.cells);
      });
      return read_conditions(condition, o.cells);
    }
    return parse_conditions(condition, o.condition).replicate(o.count, 1);
  }

  // Makes attributes unknown: all of a cell, or one.
  void drop(View<float> told, Rng& rng) const {
    if (condition.attributes > 1) {
      condition.each([&](const auto& reader, Index first) {
        drop_attribute(told, first, reader.columns(), options.attribute_dropout, rng);
      });
    }
    drop_attribute(told, 0, told.cols(), options.label_dropout, rng);
  }

  // Noise changes places only among cells of the same attributes.
  void couple(Tape<float>& tape, ConstView<float> told, ConstView<float> data, View<float> noise) const {
    if (path.coupling == Coupling::independent) return;
    const Index batch = told.rows(), columns = told.cols();
    int* const group = tape.template scratch_of<int>(batch);
    for (Index b = 0; b < batch; ++b) {
      Index first = 0;
      const auto same = [&](Index k) {
        const float a = told(b, k), c = told(first, k);
        return a == c || (std::isnan(a) && std::isnan(c));
      };
      for (; first < b; ++first) {
        bool all = true;
        for (Index k = 0; k < columns && all; ++k) all = same(k);
        if (all) break;
      }
      group[b] = int(first);
    }
    latentcell::couple(path.coupling, data, noise, {group, to_size(batch)}, tape.rng());
  }
};

}  // namespace latentcell
