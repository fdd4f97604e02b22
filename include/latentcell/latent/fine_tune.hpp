#pragma once

#include <algorithm>
#include <type_traits>
#include <utility>
#include <vector>

#include <latentcell/latent/encode.hpp>
#include <latentcell/latent/fit_flow.hpp>
#include <latentcell/train/fit_cells.hpp>

namespace LATENTCELL_NAMESPACE {

/// Whether the flow's gradient goes through the latent into the encoder.
enum class LatentGradient {
  through_encoder,
  stopped,  ///< both stages are trained side by side only
};

struct FineTuneOptions {
  float flow_weight = 1.0f;  ///< of the flow's loss, a sum over the latent's dimensions like the KL, above 0. Larger:
                             ///< latents closer to what the flow represents
  LatentGradient gradient = LatentGradient::through_encoder;
  float autoencoder_rate = 0.2f;  ///< learning rate of the autoencoder relative to the options', above 0. Larger: it
                                  ///< changes more
  float flow_rate = 1.0f;         ///< learning rate of the flow relative to the options', above 0. A stage whose Params
                                  ///< are frozen keeps its weights

  static void visit(auto& self, auto&& f) {
    f("flow_weight", self.flow_weight, above(0));
    f("gradient", self.gradient);
    f("autoencoder_rate", self.autoencoder_rate, above(0));
    f("flow_rate", self.flow_rate, above(0));
  }
};

namespace detail {

/// Two trained stages as one model.
template <class Autoencoder, class Flow>
struct JointStages {
  Autoencoder& autoencoder;
  Flow& flow;

  void after_step(Tape<typename Flow::Scalar>& tape, const CellBatch& batch, double share) requires requires {
    autoencoder.after_step(tape, batch, share);
  }
  { autoencoder.after_step(tape, batch, share); }
  static void visit(auto& self, auto&& f) {
    f("autoencoder", self.autoencoder);
    f("flow", self.flow);
  }
};

/// Multiplies the learning rates of a model's Params while it lives, also where training throws; then they are what
/// they were, to the bit.
template <class Model>
class ScaledRates {
 public:
  ScaledRates(Model& model, float factor) : model_(model) {
    each_param(model_, [&](auto& p) {
      rates_.push_back(double(p.learning_rate));
      p.learning_rate *= factor;
    });
  }
  ~ScaledRates() {
    std::size_t at = 0;
    each_param(model_,
               [&](auto& p) { p.learning_rate = std::remove_cvref_t<decltype(p.learning_rate)>(rates_[at++]); });
  }
  ScaledRates(const ScaledRates&) = delete;
  ScaledRates& operator=(const ScaledRates&) = delete;

 private:
  Model& model_;
  std::vector<double> rates_;  // of each Param, before
};

/// Encodes a minibatch as encode() does: from all molecules, without dropout.
template <class Autoencoder>
class WholeCellEncoder {
 public:
  using T = typename Autoencoder::Scalar;
  WholeCellEncoder(const Autoencoder& model, const CellTable& cells) : model_(model), cells_(cells) {}

  /// A posterior draw with its gradient.     -> (B, D)
  Var<T> operator()(Tape<T>& tape, const CellBatch& batch) {
    counts_ = select_rows(cells_.counts, {batch.cell.begin(), batch.cell.end()});
    library_.clear();
    for (Index b = 0; b < batch.size(); ++b) library_.push_back(float(std::max(1.0, counts_.view().row_sum(b))));
    CellBatch shown = batch;
    shown.counts = counts_.view();
    shown.library = library_;
    shown.input = {};
    shown.input_library = {};
    const Mode mode = tape.mode();
    tape.set_mode(Mode::evaluate);
    const Posterior<T> q = model_.encode(tape, shown);
    tape.set_mode(mode);
    return q.log_variance.empty() ? q.mean : reparameterize(q.mean, q.log_variance);
  }

 private:
  const Autoencoder& model_;
  const CellTable& cells_;
  Counts counts_;  // of the last minibatch; outlives its backward pass
  std::vector<float> library_;
};

}  // namespace detail

/// Trains both stages further, together, and returns the history: the autoencoder's own loss plus the flow's on its
/// latents, whose gradient goes on through the encoder (Vahdat, Kreis and Kautz, "Score-based generative modeling in
/// latent space", 2021, in the reduced form without a re-weighted KL).
/// fine_tune(autoencoder, flow, cells, covariates, tuning, options, [state,] hooks...)
/// The scale of the latents is unchanged; library sizes are fitted again. Without the autoencoder's loss latents would
/// shrink to a point that any flow represents: keep its weight. Both stages must be trained on these genes and
/// attributes.
template <class Autoencoder, class Backbone, class Condition, class Path, class... StateAndHooks>
History fine_tune(Autoencoder& autoencoder, LatentFlow<Backbone, Condition, Path>& flow, const CellTable& cells,
                  const CellCovariates& covariates, const FineTuneOptions& tuning, const FitOptions& options,
                  StateAndHooks&&... state_and_hooks) {
  using T = typename Backbone::Scalar;
  LATENTCELL_REQUIRE(cells.genes() == autoencoder.genes(), "fine_tune: cells with ", cells.genes(),
                     " genes but the model has ", autoencoder.genes());
  LATENTCELL_REQUIRE(flow.latent() == autoencoder.latent(), "fine_tune: the autoencoder's latent has ",
                     autoencoder.latent(), " dimensions but the flow's ", flow.latent());
  check_options("fine_tune", tuning);
  const Matrix<float> values = read_conditions(flow.condition, cells.cell_columns, cells.cells());
  TrainingData<CellBatches> data = cell_training_data(autoencoder, cells, covariates, options).data;
  detail::WholeCellEncoder encoder(autoencoder, cells);
  const auto loss = [&](Tape<T>& tape, const CellBatch& batch, const StepInfo&) {
    const Var<T> own = std::as_const(autoencoder).loss(tape, batch, 1.0);
    Var<T> z = encoder(tape, batch);
    if (tuning.gradient == LatentGradient::stopped) z = tape.constant(z.value());
    Matrix<float> here(batch.size(), values.cols());
    for (Index b = 0; b < batch.size(); ++b) here.row(b) = values.row(batch.cell[to_size(b)]);
    const Var<T> of_flow = std::as_const(flow).loss(tape, z, view(here));
    return add(own, scale(of_flow, T(tuning.flow_weight) * T(flow.latent())));
  };
  detail::JointStages<Autoencoder, LatentFlow<Backbone, Condition, Path>> both{autoencoder, flow};
  const History history = with_state<T>(
      [&](TrainState<T>& state, auto&... hooks) {
        const detail::ScaledRates first(autoencoder, tuning.autoencoder_rate);
        const detail::ScaledRates second(flow, tuning.flow_rate);
        fit_with(both, std::move(data), loss, options, state, hooks...);
      },
      state_and_hooks...);
  flow.fit_library_size(encode(autoencoder, cells));
  return history;
}

}  // namespace latentcell
