#pragma once

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include <latentcell/latent/encode.hpp>
#include <latentcell/latent/fit_flow.hpp>
#include <latentcell/train/fit_cells.hpp>

namespace latentcell {

struct FineTuneOptions {
  float flow_weight = 1.0f;  ///< of the flow's loss, a sum over the latent's dimensions like the KL; larger bends the
                             ///< latents more towards what the flow can follow
  bool through_encoder = true;  ///< false stops the flow's gradient at the latent: both stages learn side by side only
  float autoencoder_rate =
      0.2f;                ///< learning rate of the autoencoder, relative to the options'; larger moves it farther
  float flow_rate = 1.0f;  ///< of the flow
};

namespace detail {

/// Two trained stages as one model.
template <class Autoencoder, class Flow>
struct JointStages {
  Autoencoder& autoencoder;
  Flow& flow;

  void after_step(Tape<float>& tape, const CellBatch& batch, double share) requires requires {
    autoencoder.after_step(tape, batch, share);
  }
  { autoencoder.after_step(tape, batch, share); }
  static void visit(auto& self, auto&& f) {
    f("autoencoder", self.autoencoder);
    f("flow", self.flow);
  }
};

}  // namespace detail

/// Trains both stages further, together: the autoencoder's own loss plus the flow's on the latents it makes, whose
/// gradient goes on through the encoder (Vahdat, Kreis and Kautz, "Score-based generative modeling in latent space",
/// 2021, in the reduced form without a re-weighted KL). The scale of the latents stays; library sizes are learned anew.
/// The autoencoder's loss is what keeps latents from shrinking to where any flow is right: keep its weight.
/// Both stages must have been trained on these genes and attributes.
template <class Autoencoder, class Backbone, class Condition, class Path, class... Hooks>
History fine_tune(Autoencoder& autoencoder, LatentFlow<Backbone, Condition, Path>& flow, const CellTable& cells,
                  const CellCovariates& known, const FineTuneOptions& tuning, const FitOptions& options,
                  Hooks&&... hooks) {
  LATENTCELL_REQUIRE(cells.genes() == autoencoder.genes(), "fine_tune: cells with ", cells.genes(),
                     " genes but the model has ", autoencoder.genes());
  LATENTCELL_REQUIRE(flow.latent() == autoencoder.latent(), "fine_tune: the autoencoder's latent has ",
                     autoencoder.latent(), " dimensions but the flow's ", flow.latent());
  LATENTCELL_REQUIRE(tuning.flow_weight > 0 && tuning.autoencoder_rate > 0 && tuning.flow_rate > 0,
                     "fine_tune: flow_weight and both rates must be above 0; freeze a stage's Params to keep it");
  const Matrix<float> told = read_conditions(flow.condition, cells.cell_columns);
  const ValidationSplit split = validation_split(cells.cells(), options.validation, options.seed);
  CellBatchesOptions source{.batch = options.batch, .rows = split.train, .codes = known.batch, .labels = known.label};
  if constexpr (requires { autoencoder.options.count_thinning; })
    source.count_thinning = autoencoder.options.count_thinning;
  TrainingData<CellBatches> data{CellBatches(cells, source)};
  if (!split.validation.empty()) {
    source.rows = split.validation;
    source.count_thinning = 1;
    data.validation.emplace(cells, source);
  }

  Counts whole;  // of a minibatch; outlives its backward pass
  std::vector<float> library;
  const auto loss = [&](Tape<float>& tape, const CellBatch& batch, const StepInfo&) {
    const Var<float> own = std::as_const(autoencoder).loss(tape, batch, 1.0);
    // The flow sees latents as encode() makes them: of all molecules, without dropout.
    whole = select_rows(cells.counts, {batch.cell.begin(), batch.cell.end()});
    library.clear();
    for (Index b = 0; b < batch.size(); ++b) library.push_back(float(std::max(1.0, whole.view().row_sum(b))));
    CellBatch shown = batch;
    shown.counts = whole.view();
    shown.library = library;
    shown.input = {};
    shown.input_library = {};
    const Mode mode = tape.mode();
    tape.set_mode(Mode::evaluate);
    const Posterior<float> q = autoencoder.encode(tape, shown);
    tape.set_mode(mode);
    Var<float> z = q.log_variance.empty() ? q.mean : reparameterize(q.mean, q.log_variance);
    if (!tuning.through_encoder) z = tape.constant(z.value());
    Matrix<float> here(batch.size(), told.cols());
    for (Index b = 0; b < batch.size(); ++b) here.row(b) = told.row(batch.cell[to_size(b)]);
    const Var<float> path =
        std::as_const(flow).loss_through(tape, z, ConstView<float>(here.data(), here.rows(), here.cols()));
    return add(own, scale(path, tuning.flow_weight * float(flow.latent())));
  };

  detail::JointStages<Autoencoder, LatentFlow<Backbone, Condition, Path>> both{autoencoder, flow};
  // Scales the rates of a stage for as long as it lives, also where training throws.
  struct Rates {
    std::function<void(float)> scale;
    float factor;
    Rates(std::function<void(float)> f, float by) : scale(std::move(f)), factor(by) { scale(factor); }
    ~Rates() { scale(1 / factor); }
  };
  const auto scaled = [](auto& stage, float by) {
    return Rates([&stage](float f) { each_param(stage, [f](Param<float>& p) { p.learning_rate *= f; }); }, by);
  };
  TrainState<float> state;
  {
    const Rates first = scaled(autoencoder, tuning.autoencoder_rate), second = scaled(flow, tuning.flow_rate);
    fit_with(both, std::move(data), loss, options, state, hooks...);
  }
  flow.relearn_library(encode(autoencoder, cells));
  return state.history;
}

}  // namespace latentcell
