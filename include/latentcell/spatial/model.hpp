#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <latentcell/conformal/calibrate.hpp>
#include <latentcell/conformal/fit.hpp>
#include <latentcell/data/cell_table.hpp>
#include <latentcell/latent/model_file.hpp>
#include <latentcell/spatial/context.hpp>

// Expression where it was not measured: between spots, in a missing piece of tissue, in a missing slice, or of genes
// that a panel lacks.

namespace latentcell {

using conformal::ConditionalEnsemble;
using conformal::EnsembleOptions;
using conformal::IntervalOptions;
using conformal::ModalityEncoder;
using conformal::PredictionIntervals;

struct SpatialOptions {
  EnsembleOptions ensemble = {};
  SpatialContextOptions context = {};
  float noise = 0.15f;               ///< standard deviation of noise on what the network is told
  bool own_slice = false;            ///< places to predict have no cell in their slice
  std::vector<float> bare = {0.0f};  ///< distances of places to predict to the nearest known cell: in training, cells
                                     ///< nearer than one of these are left out
};

/// Expression at a place given what lies around it and, where a panel was measured there, its own other genes:
/// rectified flows from noise to the latent of the expression.
struct Spatial {
  SpatialOptions options;
  ModalityEncoder target;
  std::vector<ModalityEncoder> panel;  // none, or the code of the genes that the places to predict have
  SpatialContext context;
  ConditionalEnsemble flows;
  Buffer<float> trust;   // (1, D) factor on what the flows add to kriging; see fit_stacking
  Buffer<float> spread;  // (1, F) standard deviation of a gene over the known cells; see spread_kept

  Spatial(const SpatialOptions& o, ModalityEncoder to, std::vector<ModalityEncoder> own, Rng& rng)
      : options(o),
        target(std::move(to)),
        panel(std::move(own)),
        context{.options = o.context, .variogram = {}},
        flows(told(), target.latent(), Index(target.features().size()), o.ensemble, rng),
        trust(1, target.latent()),
        spread(1, Index(target.features().size())) {
    trust.value.setOnes();
    spread.value.setOnes();
    LATENTCELL_REQUIRE(!o.bare.empty(), "Spatial: no distance to leave out in training is given; {0} leaves out none");
  }

  /// Numbers that a place is told by.
  Index told() const {
    return SpatialContext{.options = options.context, .variogram = {}}.columns(target.latent()) +
           (panel.empty() ? 0 : panel.front().n_condition());
  }

  static void visit(auto& self, auto&& f) {
    f("target", self.target);
    f("panel", self.panel);
    f("flows", self.flows);
    f("trust", self.trust);
    f("spread", self.spread);
  }
};

/// Known cells as the context takes them: latents of the target, those of small spread weigh less.
/// at (N, 2), slice (N), target: the genes to predict where they are known
inline SpatialReference spatial_cells(const Spatial& model, const Matrix<float>& at, const std::vector<int>& slice,
                                      const Modality& target) {
  LATENTCELL_REQUIRE(at.rows() == target.cells() && at.cols() == 2 && Index(slice.size()) == at.rows(),
                     "spatial: coordinates (", at.rows(), ", ", at.cols(), ") and ", slice.size(), " slices for ",
                     target.cells(), " cells");
  SpatialReference out{at, slice, model.target.encode(target)};
  for (Index k = 0; k < out.values.cols(); ++k) out.values.col(k) *= model.target.component_weight(k);
  return out;
}

/// The gap around a usual place to predict.
inline SpatialMask median_mask(const SpatialOptions& o) {
  std::vector<float> bare = o.bare;
  std::nth_element(bare.begin(), bare.begin() + std::ptrdiff_t(bare.size() / 2), bare.end());
  return {double(bare[bare.size() / 2]), o.own_slice};
}

namespace detail {

inline std::vector<SpatialMask> draw_gaps(const SpatialOptions& o, Index places, Rng& rng) {
  std::vector<SpatialMask> out;
  for (Index i = 0; i < places; ++i)
    out.push_back({double(o.bare[std::size_t(rng.below(std::uint64_t(o.bare.size())))]), o.own_slice});
  return out;
}

/// What the model is told of one place: its surroundings, and row `own_row` of the panel's numbers where it has one.
/// self: the place's row among the known cells, or -1     -> to (told())
inline void tell_place(const Spatial& model, const SpatialReference& known, const float* at, int slice, Index self,
                       const SpatialMask& gap, const Matrix<float>& own, Index own_row, float* to) {
  model.context.tell(known, at, slice, self, gap, to);
  if (own.size() > 0) std::copy_n(own.data() + own_row * own.cols(), own.cols(), to + model.told() - own.cols());
}

/// The same of known cells.     cells (B), gaps (B) -> to (B, told())
inline void tell_cells(const Spatial& model, const SpatialReference& known, std::span<const Index> cells,
                       const std::vector<SpatialMask>& gaps, const Matrix<float>& own, View<float> to) {
  kernel::parallel_items(Index(cells.size()), [&](Index b) {
    const Index i = cells[to_size(b)];
    tell_place(model, known, known.at.data() + 2 * i, known.slice[to_size(i)], i, gaps[to_size(b)], own, i,
               to.data() + b * to.cols());
  });
}

}  // namespace detail

/// What the model is told of known cells, each as bare as a place to predict.     own as for fit_fold_model -> (N, C)
inline Matrix<float> tell_known(const Spatial& model, const SpatialReference& known, const Matrix<float>& own,
                                Rng& rng) {
  Matrix<float> out(known.cells(), model.told());
  std::vector<Index> all(to_size(known.cells()));
  std::iota(all.begin(), all.end(), Index(0));
  detail::tell_cells(model, known, all, detail::draw_gaps(model.options, known.cells(), rng), own, view(out));
  return out;
}

/// What the model is told of places.     at (M, 2), slice (M), own (M, C) of the panel or (0, 0)
inline Matrix<float> tell_places(const Spatial& model, const SpatialReference& known, const Matrix<float>& at,
                                 const std::vector<int>& slice, const Matrix<float>& own) {
  LATENTCELL_REQUIRE(at.cols() == 2 && Index(slice.size()) == at.rows(), "spatial: coordinates (", at.rows(), ", ",
                     at.cols(), ") and ", slice.size(), " slices");
  LATENTCELL_REQUIRE(model.panel.empty() == (own.size() == 0), "spatial: the model ",
                     model.panel.empty() ? "takes no panel of genes" : "needs the places' panel of genes");
  Matrix<float> out(at.rows(), model.told());
  kernel::parallel_items(at.rows(), [&](Index i) {
    detail::tell_place(model, known, at.data() + 2 * i, slice[to_size(i)], -1, {}, own, i, out.data() + i * out.cols());
  });
  return out;
}

/// Takes the extent of the tissue and the variogram from the known cells. Call it once before training.
inline void start(Spatial& model, const SpatialReference& known, Rng& rng) {
  const RowVector<float> low = known.at.colwise().minCoeff(), high = known.at.colwise().maxCoeff();
  for (int k = 0; k < 2; ++k) model.context.centre[k] = 0.5 * double(low(k) + high(k));
  model.context.extent = std::max(1e-6, 0.5 * double((high - low).maxCoeff()));
  model.context.variogram = fit_variogram(known, median_mask(model.options), model.context.options.slice_gap, rng, 200,
                                          model.context.options.kriged);
}

/// The kriged latents among what places are told by.     told (M, C) -> (M, D)
inline Matrix<float> kriged_latents(const Spatial& model, const Matrix<float>& told) {
  const Index d = model.target.latent(), first = Index(model.context.options.neighbors.size()) * (d + 1);
  Matrix<float> out = told.middleCols(first, d);
  for (Index k = 0; k < d; ++k) out.col(k) /= model.target.component_weight(k);
  return out;
}

/// Trains one member on all known cells but its own part; each time a cell comes by, other cells around it are left
/// out. Goes on after the epochs that `state` has seen.
/// known: as spatial_cells gives them; target: their genes to predict; own (N, C): the panel's numbers, or (0, 0)
template <class... Hooks>
void fit_fold_model(TrainState<float>& state, Spatial& model, Index member, const SpatialReference& known,
                    const Modality& target, const Matrix<float>& own, const FitOptions& options, Hooks&&... hooks) {
  const Matrix<float> z = model.target.encode(target);
  const conformal::ConditionSampler show = [&](std::span<const Index> cells, View<float> here, Rng& rng) {
    detail::tell_cells(model, known, cells, detail::draw_gaps(model.options, here.rows(), rng), own, here);
    for (Index k = 0; k < here.size(); ++k) here.data()[k] += model.options.noise * float(rng.normal());
  };
  conformal::fit_fold_model(state, model.flows, member, {z, target.measured, show}, options, hooks...);
}

/// Learns how far the flows' mean is to be believed against kriging, number by number of the latent: the slope of what
/// kriging misses on what the flows add to it, over cells that the predicting member has not seen, within [0, 1] (as
/// stacking does, Wolpert 1992). Where the flows know no more, kriging stays. Call it after all members are trained,
///     told (N, C) as tell_known's
inline void fit_stacking(Spatial& model, const Modality& target, const Matrix<float>& told, Rng& rng) {
  const Matrix<float> kriged = kriged_latents(model, told), rest = model.target.encode(target) - kriged,
                      said = conformal::out_of_fold_means(model.flows, told, rng) - kriged;
  for (Index k = 0; k < rest.cols(); ++k) {
    const double cross = double((rest.col(k).array() * said.col(k).array()).mean()),
                 square = double(said.col(k).array().square().mean());
    model.trust.value(0, k) = square > 0 ? float(std::clamp(cross / square, 0.0, 1.0)) : 0.0f;
  }
}

namespace detail {

/// What the flows' latents are added to, so that their mean goes as far from kriging as it is believed.
inline Matrix<float> spatial_base(const Spatial& model, const Matrix<float>& told, const Matrix<float>& said) {
  Matrix<float> out = kriged_latents(model, told) - said;
  out.array().rowwise() *= 1.0f - model.trust.value.row(0).array();
  return out;
}

}  // namespace detail

namespace detail {

/// Cells among which a gene has one level: slices, where a slice is missing and nobody knows how sparse it is; else the
/// intervals go by no level.
inline std::vector<int> level_groups(const Spatial& model, const std::vector<int>& slice) {
  return model.options.own_slice ? slice : std::vector<int>{};
}

}  // namespace detail

/// Means and intervals of places. In a missing slice the widths go by the gene's mean over the slice's places, so ask
/// for all of them at once.     told (M, C): as tell_places gives it, slice (M)
inline PredictionIntervals predict(const Spatial& model, const Matrix<float>& told, const std::vector<int>& slice,
                                   const IntervalOptions& o, Rng& rng) {
  Rng mean_rng = rng.fork();
  const Matrix<float> said = conformal::mean_latents(model.flows, told, mean_rng);
  return conformal::predict_intervals(
      model.flows, model.target,
      {told, said, detail::spatial_base(model, told, said), detail::level_groups(model, slice)}, o, rng);
}

/// Standard deviation of each column.     x (N, F) -> (F)
inline RowVector<float> column_spread(const Matrix<float>& x) {
  return (x.rowwise() - x.colwise().mean()).array().square().colwise().mean().sqrt();
}

/// Predicted means stretched about their middle until each gene varies as much over these places as `spread` says, up
/// to five times: a mean varies less than what it is the mean of, and maps of it look blurred. Correlations stay;
/// squared errors grow.     mean (M, F), spread (F): of the known cells -> (M, F)
inline Matrix<float> spread_kept(const Matrix<float>& mean, const RowVector<float>& spread) {
  const RowVector<float> middle = mean.colwise().mean(), own = column_spread(mean);
  Matrix<float> out = mean.rowwise() - middle;
  out.array().rowwise() *= (spread.array() / own.array().max(1e-6f)).max(1.0f).min(5.0f);
  out.rowwise() += middle;
  return out.array().max(0.0f);
}

/// As calibrate_intervals of the flows; takes the genes' spread besides.
/// told (N, C): as tell_known gives it, slice (N)
inline void calibrate_intervals(Spatial& model, const Modality& target, const Matrix<float>& told,
                                const std::vector<int>& slice, const IntervalOptions& o, Rng& rng) {
  const Matrix<float> said = conformal::out_of_fold_means(model.flows, told, rng),
                      base = detail::spatial_base(model, told, said), truth = model.target.log_normalized(target);
  model.spread.value = column_spread(truth);
  conformal::calibrate_intervals(model.flows, model.target,
                                 {truth, target.measured, told, said, base, detail::level_groups(model, slice)}, o,
                                 rng);
}

/// Writes a trained model to one safetensors file. Throws std::runtime_error naming the file; what stood there stays
/// then.
inline void save(const std::string& path, const Spatial& model) {
  io::SafeTensors file;
  auto& m = file.metadata;
  m["latentcell.kind"] = "spatial";
  detail::describe_ensemble(file, model.flows.options);
  detail::describe_encoder(file, "target", model.target);
  m["panels"] = text(model.panel.size());
  if (!model.panel.empty()) detail::describe_encoder(file, "panel", model.panel.front());
  const SpatialContext& c = model.context;
  m["neighbors"] = detail::join(c.options.neighbors);
  m["kriged"] = text(c.options.kriged);
  m["waves"] = text(c.options.waves);
  m["slice_gap"] = detail::exactly(c.options.slice_gap);
  m["range"] = detail::exactly(c.variogram.range);
  m["nugget"] = detail::exactly(c.variogram.nugget);
  m["centre_x"] = detail::exactly(c.centre[0]);
  m["centre_y"] = detail::exactly(c.centre[1]);
  m["extent"] = detail::exactly(c.extent);
  m["levels"] = "of slices";  // what the intervals of a missing slice go by
  m["own_slice"] = model.options.own_slice ? "1" : "0";
  io::store(file, "model", model);
  io::save_safetensors(path, file);
}

/// Loads what save wrote. Throws std::runtime_error naming the file and what is wrong with it.
inline Spatial load_spatial(const std::string& path) {
  const detail::ModelFile from(path, "spatial");
  if (from.file.find("model.stretch") != nullptr)
    throw_runtime(path, ": was written before a model kept its genes' spread; train it again");
  SpatialOptions o{.ensemble = detail::read_ensemble<EnsembleOptions>(from)};
  o.context.neighbors.clear();
  for (const std::string& w : from.list("neighbors"))
    o.context.neighbors.push_back(detail::whole_number(w, path, "neighbors"));
  o.context.kriged = from.whole("kriged");
  o.context.waves = from.whole("waves");
  o.context.slice_gap = from.number("slice_gap");
  o.own_slice = from.choice("own_slice", 2) == 1;
  if (o.own_slice && from.file.metadata.count("levels") == 0)
    throw_runtime(path, ": was written before intervals went by a missing slice's level; train it again");
  std::vector<ModalityEncoder> panel;
  if (from.choice("panels", 2) == 1) panel.push_back(detail::read_encoder<ModalityEncoder>(from, "panel"));
  Rng rng(0);
  Spatial model(o, detail::read_encoder<ModalityEncoder>(from, "target"), std::move(panel), rng);
  model.context.variogram = {from.number("range"), from.number("nugget")};
  model.context.centre[0] = from.number("centre_x");
  model.context.centre[1] = from.number("centre_y");
  model.context.extent = from.number("extent");
  io::restore(from.file, path, "model", model);
  return model;
}

}  // namespace latentcell
