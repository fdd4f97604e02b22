#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include <latentcell/backbone/residual_mlp.hpp>
#include <latentcell/data/latent_table.hpp>
#include <latentcell/flow/rectified_flow.hpp>
#include <latentcell/nn/mlp.hpp>
#include <latentcell/op/elementwise.hpp>
#include <latentcell/op/reduce.hpp>
#include <latentcell/pipeline/modality_code.hpp>
#include <latentcell/pipeline/model_file.hpp>
#include <latentcell/sample/integrate.hpp>
#include <latentcell/train/fit_cells.hpp>

// One modality of a cell from the others.

namespace latentcell {

/// The velocity of a translation's flow. What is told of the other modalities goes through an encoder of its own, which
/// conditions every block and also has a direct way to the result: the mean, which is most of what there is to learn.
struct TranslationField {
  ResidualMlpOptions options;
  Mlp<float> encoder;        // told -> condition
  Linear<float> direct;      // condition -> latent
  ResidualMlp<float> field;  // under the condition

  TranslationField(Index told, const ResidualMlpOptions& o, Rng& rng)
      : options(o),
        encoder(told, std::vector<Index>{o.condition, o.condition}, o.dropout, rng),
        direct(o.condition, o.latent, rng),
        field(o, rng) {}

  /// z (B, latent), t (B), told (B, C) -> (B, latent)
  Var<float> operator()(Tape<float>& tape, Var<float> z, std::span<const float> t, Var<float> told) const {
    const Var<float> c = encoder(told);
    return add(direct(c), field(tape, z, t, c));
  }

  static void visit(auto& self, auto&& f) {
    f("encoder", self.encoder);
    f("direct", self.direct);
    f("field", self.field);
  }
};

struct TranslationOptions {
  Index latent = 50;  ///< principal components of a modality of many features
  Index members = 5;  ///< networks whose predictions are averaged; each learns from all parts of the cells but one
  ResidualMlpOptions field = {.width = 128, .depth = 2, .condition = 256, .dropout = 0.3f};  ///< latent is set by
                                                                                             ///< the data
  float noise = 0.25f;  ///< standard deviation of noise on what the network is told: it cannot learn cells by heart
  float hide = 0.3f;    ///< chance that a cell's modality is hidden in training, where there are several
};

/// Distribution of a target modality of a cell given any part of its other modalities: a rectified flow from noise to
/// the target's latent, told the others' latents and which of them are there. Its members are trained on different
/// parts of the cells, so that each cell can be predicted by one that has not seen it: from that the width of the
/// intervals is learned.
struct Translation {
  TranslationOptions options;
  ModalityCode target;
  std::vector<ModalityCode> sources;
  std::vector<TranslationField> members;
  Index told = 0;  // numbers that a cell is told by
  RectifiedFlow path;
  Buffer<float> widen;  // (2, F) factors on draws' distances from their mean, for 50 % and for 80 % intervals

  Translation(const TranslationOptions& o, ModalityCode to, std::vector<ModalityCode> from, Rng& rng)
      : options(o), target(std::move(to)), sources(std::move(from)), widen(2, Index(target.features.size())) {
    LATENTCELL_REQUIRE(!sources.empty(), "Translation: there is no modality to translate from");
    LATENTCELL_REQUIRE(o.members >= 2, "Translation: members must be at least 2, got ", o.members);
    options.field.latent = target.latent();
    for (const ModalityCode& s : sources) told += s.condition();
    for (Index k = 0; k < o.members; ++k) members.emplace_back(told, options.field, rng);
    widen.value.setOnes();
  }

  /// What the networks are told of each cell.     one modality for each source, of the same cells -> (N, C)
  Matrix<float> tell(const std::vector<Modality>& from) const {
    LATENTCELL_REQUIRE(from.size() == sources.size(), "translation: ", from.size(), " modalities for ", sources.size(),
                       " sources");
    Matrix<float> out(from.front().cells(), told);
    Index at = 0;
    for (std::size_t m = 0; m < from.size(); ++m) {
      LATENTCELL_REQUIRE(from[m].cells() == out.rows(), "translation: '", from[m].name, "' has ", from[m].cells(),
                         " cells but '", from.front().name, "' ", out.rows());
      out.middleCols(at, sources[m].condition()) = sources[m].tell(from[m]);
      at += sources[m].condition();
    }
    return out;
  }

  static void visit(auto& self, auto&& f) {
    f("target", self.target);
    f("sources", self.sources);
    f("members", self.members);
    f("widen", self.widen);
  }
};

namespace detail {

/// Which cells each member has not seen.     -> (N) part of each cell, by name, so that neither order nor missing cells
/// matter
inline std::vector<Index> parts_of(Index cells, Index members, std::uint64_t seed) {
  std::vector<Index> out;
  for (Index i = 0; i < cells; ++i) out.push_back(i % members);
  Rng rng(seed, 71);
  shuffle(std::span<Index>(out), rng);
  return out;
}

/// Hides modalities of some cells, never all that a cell has.     told (B, C)
inline void hide_modalities(const Translation& model, View<float> told, Rng& rng) {
  if (model.sources.size() < 2) return;
  for (Index b = 0; b < told.rows(); ++b) {
    Index at = 0, left = 0;
    for (const ModalityCode& s : model.sources) {
      at += s.condition();
      left += told(b, at - 1) > 0;
    }
    at = 0;
    for (const ModalityCode& s : model.sources) {
      const bool there = told(b, at + s.condition() - 1) > 0;
      if (there && left > 1 && rng.uniform_double() < double(model.options.hide)) {
        told.block(b, at, 1, s.condition()).setZero();
        --left;
      }
      at += s.condition();
    }
  }
}

}  // namespace detail

/// Trains one member on all cells but its own part. Goes on after the epochs that `state` has seen.
/// target and sources: modalities of the same cells; cells without the target are left out
template <class... Hooks>
void fit_member(TrainState<float>& state, Translation& model, Index member, const Modality& target,
                const std::vector<Modality>& from, const FitOptions& options, Hooks&&... hooks) {
  const Matrix<float> z = model.target.encode(target), told = model.tell(from);
  LATENTCELL_REQUIRE(z.rows() == told.rows(), "translation: the target has ", z.rows(), " cells but the sources ",
                     told.rows());
  const std::vector<Index> part = detail::parts_of(z.rows(), model.options.members, options.seed);
  LatentTable table;
  table.mean = z;
  std::vector<Index> rows;
  for (Index i = 0; i < z.rows(); ++i) {
    if (target.measured[to_size(i)] && part[to_size(i)] != member) rows.push_back(i);
  }
  LATENTCELL_REQUIRE(!rows.empty(), "translation: no cell has '", model.target.name, "'");
  LatentBatches train(table, {.batch = options.batch, .rows = rows});
  TranslationField& field = model.members[to_size(member)];
  const Index d = z.cols(), c = told.cols();
  const auto loss = [&](Tape<float>& tape, const LatentBatch& batch, const StepInfo&) {
    const Index n = batch.size();
    float *const noise = tape.scratch(n * d), *const z_t = tape.scratch(n * d), *const aim = tape.scratch(n * d),
                 *const t = tape.scratch(n);
    View<float> here(tape.scratch(n * c), n, c);
    for (Index b = 0; b < n; ++b) here.row(b) = told.row(batch.cell[to_size(b)]);
    detail::hide_modalities(model, here, tape.rng());
    Index at = 0;
    for (const ModalityCode& s : model.sources) {
      for (Index b = 0; b < n; ++b) {
        if (here(b, at + s.condition() - 1) == 0) continue;
        for (Index j = 0; j + 1 < s.condition(); ++j)
          here(b, at + j) += model.options.noise * float(tape.rng().normal());
      }
      at += s.condition();
    }
    for (Index i = 0; i < n * d; ++i) noise[i] = float(tape.rng().normal());
    model.path.draw_times(tape.rng(), std::span<float>(t, to_size(n)));
    model.path.interpolate(std::span<const float>(t, to_size(n)), ConstView<float>(noise, n, d), batch.z,
                           View<float>(z_t, n, d), View<float>(aim, n, d));
    const Var<float> v = std::as_const(field)(tape, tape.constant(ConstView<float>(z_t, n, d)), {t, to_size(n)},
                                              tape.constant(ConstView<float>(here.data(), n, c)));
    return mse(v, ConstView<float>(aim, n, d));
  };
  fit_with(field, train, static_cast<LatentBatches*>(nullptr), loss, options, state, hooks...);
}

namespace detail {

/// The mean of the target's latent under one member: at time 0 a flow's velocity from any noise z is E[target] - z.
inline Matrix<float> member_mean(const TranslationField& field, const Matrix<float>& told, Rng& rng) {
  constexpr Index from = 4, most = 1024;  // noises averaged; cells at once
  const Index d = field.options.latent;
  Matrix<float> out = Matrix<float>::Zero(told.rows(), d);
  Tape<float> tape(Mode::no_gradient);
  const Rng own = rng.fork();
  for (Index first = 0; first < told.rows(); first += most) {
    const Index n = std::min(most, told.rows() - first);
    const Matrix<float> here = told.middleRows(first, n);
    for (Index k = 0; k < from; ++k) {
      tape.reset();
      Matrix<float> z(n, d);
      for (Index i = 0; i < n; ++i) {
        Rng cell = own.at(std::uint64_t((first + i) * from + k));
        for (Index j = 0; j < d; ++j) z(i, j) = float(cell.normal());
      }
      float* const t = tape.scratch(n);
      std::fill_n(t, n, 0.0f);
      const Var<float> v =
          field(tape, tape.constant(view(std::as_const(z))), {t, to_size(n)}, tape.constant(view(here)));
      out.middleRows(first, n) += (z + Matrix<float>(v.value())) / float(from);
    }
  }
  return out;
}

/// One draw of the target's latent for each row.     told (N, C) -> (N, D)
inline Matrix<float> member_draw(const TranslationField& field, const Matrix<float>& told, Index steps, Rng& rng) {
  constexpr Index most = 1024;
  const Index d = field.options.latent;
  Matrix<float> out(told.rows(), d);
  Tape<float> tape(Mode::no_gradient);
  const Rng own = rng.fork();
  for (Index first = 0; first < told.rows(); first += most) {
    const Index n = std::min(most, told.rows() - first);
    const Matrix<float> here = told.middleRows(first, n);
    View<float> z(out.data() + first * d, n, d);
    for (Index i = 0; i < n; ++i) {
      Rng cell = own.at(std::uint64_t(first + i));
      for (Index j = 0; j < d; ++j) z(i, j) = float(cell.normal());
    }
    const auto velocity = [&](float at, ConstView<float> x, View<float> dx) {
      tape.reset();
      float* const t = tape.scratch(n);
      std::fill_n(t, n, at);
      dx = field(tape, tape.constant(x), {t, to_size(n)}, tape.constant(view(here))).value();
    };
    integrate(velocity, z, {.method = Method::heun, .steps = steps});
  }
  return out;
}

}  // namespace detail

struct TranslateOptions {
  Index draws = 64;  ///< of each cell, shared out among the members
  Index steps = 4;   ///< of the sampler (Heun); what a coarse one gets wrong of the width, calibration mends
};

/// Predicted features of cells, log-normalised: log1p of counts at the target's depth.
struct Translated {
  Matrix<float> mean;           ///< (N, F)
  Matrix<float> low50, high50;  ///< (N, F) ends of the central 50 % interval; (0, 0) where no draws were asked for
  Matrix<float> low80, high80;  ///< (N, F) of the central 80 % interval
};

namespace detail {

/// Half-widths of draws below and above their mean, for the 50 % and 80 % intervals.     -> four (N, F)
struct DrawSpread {
  Matrix<float> low50, high50, low80, high80;

  // draws: each (N, F)
  explicit DrawSpread(const std::vector<Matrix<float>>& draws) {
    const Index n = draws.front().rows(), f = draws.front().cols();
    for (Matrix<float>* m : {&low50, &high50, &low80, &high80}) m->resize(n, f);
    kernel::parallel_items(n, [&](Index i) {
      std::vector<float> x(draws.size());
      for (Index j = 0; j < f; ++j) {
        for (std::size_t k = 0; k < x.size(); ++k) x[k] = draws[k](i, j);
        std::sort(x.begin(), x.end());
        const auto at = [&](double q) {
          const double place = q * double(x.size() - 1);
          const std::size_t k = std::min(x.size() - 2, std::size_t(place));
          return double(x[k]) + (place - double(k)) * double(x[k + 1] - x[k]);
        };
        const double middle = std::accumulate(x.begin(), x.end(), 0.0) / double(x.size());
        low50(i, j) = float(middle - at(0.25));
        high50(i, j) = float(at(0.75) - middle);
        low80(i, j) = float(middle - at(0.1));
        high80(i, j) = float(at(0.9) - middle);
      }
    });
  }
};

}  // namespace detail

/// Means and intervals of the target of cells, from whatever of the sources they have.
/// one modality for each source, of the same cells
inline Translated translate(const Translation& model, const std::vector<Modality>& from, const TranslateOptions& o,
                            Rng& rng) {
  LATENTCELL_REQUIRE(o.draws == 0 || o.draws >= 2, "translate: draws must be 0 or at least 2, got ", o.draws);
  const Matrix<float> told = model.tell(from);
  const Index members = Index(model.members.size());
  Matrix<float> z = Matrix<float>::Zero(told.rows(), model.target.latent());
  for (const TranslationField& field : model.members) z += detail::member_mean(field, told, rng) / float(members);
  Translated out;
  out.mean = model.target.decode(z);
  if (o.draws == 0 || told.rows() == 0) return out;
  std::vector<Matrix<float>> draws;
  for (Index k = 0; k < o.draws; ++k)
    draws.push_back(model.target.decode(detail::member_draw(model.members[to_size(k % members)], told, o.steps, rng)));
  const detail::DrawSpread spread(draws);
  const auto end = [&](const Matrix<float>& half, Index level, float sign) {
    Matrix<float> at = half;
    at.array().rowwise() *= sign * model.widen.value.row(level).array();
    return Matrix<float>((out.mean + at).array().max(0.0f));
  };
  out.low50 = end(spread.low50, 0, -1);
  out.high50 = end(spread.high50, 0, 1);
  out.low80 = end(spread.low80, 1, -1);
  out.high80 = end(spread.high80, 1, 1);
  return out;
}

/// Learns how wide the intervals must be: each cell's draws come from the member that has not seen it, and for each
/// feature the factor is taken at which 50 % and 80 % of the cells fall inside (split-conformal prediction with scaled
/// residuals, Lei et al. 2018, over the members' parts). Call it after all members are trained, on the same cells with
/// the same seed.
inline void calibrate_intervals(Translation& model, const Modality& target, const std::vector<Modality>& from,
                                std::uint64_t seed, const TranslateOptions& o, Rng& rng) {
  LATENTCELL_REQUIRE(o.draws >= 2, "calibrate_intervals: draws must be at least 2, got ", o.draws);
  const Matrix<float> told = model.tell(from), truth = model.target.decode(model.target.encode(target));
  const std::vector<Index> part = detail::parts_of(told.rows(), model.options.members, seed);
  const Index features = truth.cols();
  std::vector<std::vector<double>> needed50(to_size(features)), needed80(to_size(features));
  for (Index m = 0; m < model.options.members; ++m) {
    std::vector<Index> rows;
    for (Index i = 0; i < told.rows(); ++i) {
      if (part[to_size(i)] == m && target.measured[to_size(i)]) rows.push_back(i);
    }
    if (rows.empty()) continue;
    Matrix<float> here(Index(rows.size()), told.cols());
    for (std::size_t i = 0; i < rows.size(); ++i) here.row(Index(i)) = told.row(rows[i]);
    const TranslationField& field = model.members[to_size(m)];
    const Matrix<float> mean = model.target.decode(detail::member_mean(field, here, rng));
    std::vector<Matrix<float>> draws;
    for (Index k = 0; k < o.draws; ++k)
      draws.push_back(model.target.decode(detail::member_draw(field, here, o.steps, rng)));
    const detail::DrawSpread spread(draws);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (Index f = 0; f < features; ++f) {
        const double gap = double(truth(rows[i], f) - mean(Index(i), f));
        const auto factor = [&](const Matrix<float>& low, const Matrix<float>& high) {
          return std::abs(gap) / std::max(1e-6, double(gap < 0 ? low(Index(i), f) : high(Index(i), f)));
        };
        needed50[to_size(f)].push_back(factor(spread.low50, spread.high50));
        needed80[to_size(f)].push_back(factor(spread.low80, spread.high80));
      }
    }
  }
  const auto quantile = [](std::vector<double>& x, double q) {
    const std::size_t k = std::min(x.size() - 1, std::size_t(q * double(x.size())));
    std::nth_element(x.begin(), x.begin() + std::ptrdiff_t(k), x.end());
    return float(std::clamp(x[k], 0.05, 20.0));
  };
  for (Index f = 0; f < features; ++f) {
    model.widen.value(0, f) = quantile(needed50[to_size(f)], 0.5);
    model.widen.value(1, f) = quantile(needed80[to_size(f)], 0.8);
  }
}

/// Writes a trained model to one safetensors file. Throws std::runtime_error naming the file; what stood there stays
/// then.
inline void save(const std::string& path, const Translation& model) {
  io::SafeTensors file;
  auto& m = file.metadata;
  m["latentcell.kind"] = "translation";
  m["members"] = text(model.members.size());
  m["latent"] = text(model.options.latent);
  m["field_latent"] = text(model.options.field.latent);
  detail::describe(file, model.options.field);
  m["sources"] = text(model.sources.size());
  const auto describe = [&](const std::string& key, const ModalityCode& code) {
    m[key] = code.name;
    m[key + ".features"] = detail::join(code.features);
    m[key + ".latent"] = text(code.latent());
  };
  describe("target", model.target);
  for (std::size_t s = 0; s < model.sources.size(); ++s) describe(text("source_", s), model.sources[s]);
  io::store(file, "model", model);
  io::save_safetensors(path, file);
}

/// Loads what save wrote. Throws std::runtime_error naming the file and what is wrong with it.
inline Translation load_translation(const std::string& path) {
  const detail::ModelFile from(path, "translation");
  TranslationOptions o;
  o.members = from.whole("members");
  o.latent = from.whole("latent");
  from.read(o.field, from.whole("field_latent"));
  const auto code = [&](const std::string& key) {
    return ModalityCode(from.word(key), from.list(key + ".features"), from.whole(key + ".latent"));
  };
  std::vector<ModalityCode> sources;
  for (Index s = 0; s < from.whole("sources"); ++s) sources.push_back(code(text("source_", s)));
  Rng rng(0);
  Translation model(o, code("target"), std::move(sources), rng);
  io::restore(from.file, path, "model", model);
  return model;
}

}  // namespace latentcell
