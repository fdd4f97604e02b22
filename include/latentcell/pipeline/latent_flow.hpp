#pragma once

#include <map>
#include <string>
#include <vector>

#include <latentcell/condition/drop.hpp>
#include <latentcell/core/random_draw.hpp>
#include <latentcell/data/latent_table.hpp>
#include <latentcell/flow/rectified_flow.hpp>
#include <latentcell/op/reduce.hpp>
#include <latentcell/pipeline/library_model.hpp>
#include <latentcell/sample/denoise.hpp>
#include <latentcell/sample/guidance.hpp>
#include <latentcell/sample/integrate.hpp>

namespace latentcell {

/// A conditioner with the obs column and the level names that its codes stand for.
template <class C>
struct FromObs {
  std::string column;
  std::vector<std::string> levels;
  C conditioner;

  Index size() const { return Index(levels.size()); }

  /// Codes of a table's cells; levels that were not trained on, missing labels and a missing column are unknown.
  std::vector<int> codes(const Annotation& cells) const { return cells.codes(column, levels); }
  /// The code of one level; throws with the list of levels where there is none of that name.
  int code(const std::string& level) const { return Categorical{levels, {}}.code(level); }

  static void visit(auto& self, auto&& f) { f("conditioner", self.conditioner); }
};

template <class C>
FromObs<C> from_obs(std::string column, std::vector<std::string> levels, C conditioner) {
  LATENTCELL_REQUIRE(Index(levels.size()) == conditioner.levels(), "from_obs: column '", column, "' has ",
                     levels.size(), " levels but its conditioner ", conditioner.levels());
  return {std::move(column), std::move(levels), std::move(conditioner)};
}

struct LatentFlowOptions {
  float label_dropout = 0.1f;  ///< share of labels made unknown while training; what guidance leans on
};

/// What to generate.
struct GenerateOptions {
  Index count = 1000;                                 ///< cells
  std::map<std::string, std::string> condition = {};  ///< obs column to level, the same for all cells; empty: unknown
  std::vector<int> codes = {};                        ///< level of each cell in place of `condition`, -1 unknown
  Index steps = 50;                                   ///< steps of the sampler; more follow the path closer
  Method method = Method::heun;                       ///< sampler
  double eta = 0;                                     ///< ddim only; noise drawn on the way, 1 as much as DDPM does
  float guidance = 1.0f;       ///< classifier-free guidance; above 1 gives more typical, less varied cells
  float guidance_from = 0.0f;  ///< times within which guidance acts
  float guidance_to = 1.0f;
  Index batch = 512;  ///< cells moved at once; memory only
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
  LibraryModel library;

  LatentFlow(PathType p, Backbone f, Condition c, LatentFlowOptions o = {})
      : options(o),
        path(std::move(p)),
        field(std::move(f)),
        condition(std::move(c)),
        center(1, field.options.latent),
        spread(1, field.options.latent),
        library(field.options.latent, condition.size()) {
    spread.value.setOnes();
  }

  Index latent() const { return center.value.cols(); }

  /// Takes scale and library sizes from the training latents.
  void start(const LatentTable& table) {
    LATENTCELL_REQUIRE(table.latent() == latent(), "LatentFlow: latents of ", table.latent(),
                       " dimensions but the field has ", latent());
    const double n = double(table.cells());
    Matrix<float> z = table.mean;
    for (Index j = 0; j < latent(); ++j) {
      double mean = 0, square = 0;
      for (Index i = 0; i < table.cells(); ++i) mean += double(z(i, j)) / n;
      for (Index i = 0; i < table.cells(); ++i) {
        const double gap = double(z(i, j)) - mean;
        const double own = table.deviation.size() > 0 ? double(table.deviation(i, j)) : 0.0;
        square += (gap * gap + own * own) / n;
      }
      center.value(0, j) = float(mean);
      spread.value(0, j) = float(std::max(1e-3, std::sqrt(square)));
      z.col(j).array() = (z.col(j).array() - center.value(0, j)) / spread.value(0, j);
    }
    library.learn(z, table.library, condition.codes(table.cell_columns));
  }

  /// Mean squared error of the prediction, weighted as the path says.     z (B, D), codes (B) -> (1, 1)
  Var<float> loss(Tape<float>& tape, ConstView<float> z, std::span<const int> codes) const {
    const Index batch = z.rows(), d = z.cols();
    float *x = tape.scratch(batch * d), *noise = tape.scratch(batch * d), *z_t = tape.scratch(batch * d),
          *target = tape.scratch(batch * d), *t = tape.scratch(batch);
    int* label = tape.template scratch_of<int>(batch);
    for (Index b = 0; b < batch; ++b) {
      for (Index j = 0; j < d; ++j) {
        x[b * d + j] = (z(b, j) - center.value(0, j)) / spread.value(0, j);
        noise[b * d + j] = float(tape.rng().normal());
      }
    }
    std::copy(codes.begin(), codes.end(), label);
    path.couple(ConstView<float>(x, batch, d), View<float>(noise, batch, d), {label, to_size(batch)}, tape.rng());
    if (tape.mode() == Mode::train) drop_labels({label, to_size(batch)}, options.label_dropout, tape.rng());
    path.draw_times(tape.rng(), std::span<float>(t, to_size(batch)));
    path.interpolate(std::span<const float>(t, to_size(batch)), ConstView<float>(noise, batch, d),
                     ConstView<float>(x, batch, d), View<float>(z_t, batch, d), View<float>(target, batch, d));
    const Var<float> c = condition.conditioner(tape, {label, to_size(batch)});
    const Var<float> v = field(tape, tape.constant(ConstView<float>(z_t, batch, d)), {t, to_size(batch)}, c);
    float* weight = tape.scratch(batch);
    for (Index b = 0; b < batch; ++b) weight[b] = float(path.weight(double(t[b])));
    return mse(v, ConstView<float>(target, batch, d), weight);
  }

  /// New cells: latents in the autoencoder's own units, labels, library sizes.
  LatentTable generate(const GenerateOptions& o, Rng& rng) const {
    LATENTCELL_REQUIRE(o.count >= 0, "generate: count must not be negative, got ", o.count);
    LATENTCELL_REQUIRE(o.batch >= 1, "generate: batch must be at least 1, got ", o.batch);
    std::vector<int> codes = o.codes;
    if (codes.empty()) codes.assign(to_size(o.count), code_of(o.condition));
    const Index n = Index(codes.size()), d = latent();
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
      const std::span<const int> label = std::span<const int>(codes).subspan(to_size(first), to_size(count));
      const std::vector<int> unknown(to_size(count), -1);
      const auto predict = [&](std::span<const int> which) {
        return [&, which](float t, ConstView<float> at, View<float> prediction) {
          tape.reset();
          float* times = tape.scratch(at.rows());
          std::fill_n(times, at.rows(), t);
          const Var<float> c = condition.conditioner(tape, which);
          prediction = field(tape, tape.constant(at), {times, to_size(at.rows())}, c).value();
        };
      };
      std::vector<Rng> noise;
      for (Index i = 0; i < count; ++i) noise.push_back(own.at(std::uint64_t(2 * n + first + i)));
      carry(guided<float>(predict(label), predict(unknown),
                          {.weight = o.guidance, .from = o.guidance_from, .to = o.guidance_to}),
            z, o, noise);
      for (Index i = 0; i < count; ++i) {
        Rng cell = own.at(std::uint64_t(n + first + i));
        out.library[to_size(first + i)] = library.draw(z.data() + i * d, label[to_size(i)], cell);
        for (Index j = 0; j < d; ++j) z(i, j) = z(i, j) * spread.value(0, j) + center.value(0, j);
      }
    }
    out.cell_columns = Annotation(n);
    if (!condition.column.empty()) out.cell_columns.set(condition.column, Categorical{condition.levels, codes});
    for (Index i = 0; i < n; ++i) out.cell_names.push_back(text("generated_", i));
    return out;
  }

  static void visit(auto& self, auto&& f) {
    f("field", self.field);
    f("condition", self.condition);
    f("center", self.center);
    f("spread", self.spread);
    f("library", self.library);
  }

 private:
  // z from noise to data by a field of predictions.     noise (B): random numbers of each cell
  template <class Field>
  void carry(Field prediction, View<float> z, const GenerateOptions& o, std::vector<Rng>& noise) const {
    const auto turned = [&](auto blend_of) {
      return [&, blend_of](float t, ConstView<float> at, View<float> out) {
        prediction(t, at, out);
        const Blend b = blend_of(double(t));
        const float of_z = float(b.z), of_prediction = float(b.prediction);
        float* const to = out.data();
        const float* const from = at.data();
        kernel::each_element(
            out.size(), [=](Index i)
                            __attribute__((always_inline)) { to[i] = of_z * from[i] + of_prediction * to[i]; });
      };
    };
    if (denoises(o.method)) {
      const auto normal = [&](View<float> out) {
        for (Index i = 0; i < out.rows(); ++i) {
          for (Index j = 0; j < out.cols(); ++j) out(i, j) = float(noise[to_size(i)].normal());
        }
      };
      denoise(turned([this](double t) { return path.data_of(t); }), path, z,
              {.method = o.method, .steps = o.steps, .eta = o.eta}, normal);
    } else {
      integrate(turned([this](double t) { return path.velocity_of(t); }), z, {.method = o.method, .steps = o.steps});
    }
  }

  int code_of(const std::map<std::string, std::string>& wanted) const {
    int code = -1;
    for (const auto& [column, level] : wanted) {
      LATENTCELL_REQUIRE(column == condition.column, "generate: the model has no condition '", column, "', only '",
                         condition.column, "'");
      code = condition.code(level);
    }
    return code;
  }
};

}  // namespace latentcell
