#include <latentcell/latent/cell_likelihood.hpp>
#include <latentcell/autodiff/by_name.hpp>
#include <latentcell/autoencoder/plain_autoencoder.hpp>
#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/flow/ddpm.hpp>
#include <latentcell/backbone/residual_mlp.hpp>
#include <latentcell/condition/categorical_covariate.hpp>
#include <latentcell/core/threads.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/latent/fine_tune.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

using Model = Vae<float, NegativeBinomial<float>>;

CellTable some_cells() {
  Rng rng(7);
  return simulate({.cells = 300, .genes = 50, .types = 3, .library = 400, .marker_share = 0.3, .marker_strength = 2},
                  rng);
}

auto made_flow(const CellTable& cells) {
  Rng rng(3);
  const std::vector<std::string> levels = cells.obs("cell_type").levels;
  return LatentFlow(RectifiedFlow{}, ResidualMlp<float>({.latent = 4, .width = 32, .depth = 2, .condition = 8}, rng),
                    from_obs("cell_type", levels, CategoricalCovariate<float>(Index(levels.size()), 8, rng)));
}

Matrix<float> all_weights(const auto& model) {
  std::vector<float> numbers;
  each_param(model,
             [&](const auto& p) { numbers.insert(numbers.end(), p.value.data(), p.value.data() + p.value.size()); });
  return ConstView<float>(numbers.data(), 1, Index(numbers.size()));
}

}  // namespace

TEST_CASE("LatentFlow: the loss with a gradient through the latents is the loss, and its gradient is right") {
  const CellTable cells = some_cells();
  Rng rng(2);
  for (const bool diffusion : {false, true}) {
    const std::vector<std::string> levels = cells.obs("cell_type").levels;
    const auto check = [&](auto path) {
      LatentFlow flow(path, ResidualMlp<float>({.latent = 4, .width = 32, .depth = 2, .condition = 8}, rng),
                      from_obs("cell_type", levels, CategoricalCovariate<float>(Index(levels.size()), 8, rng)));
      each_param(flow, [&](Param<float>& p) {
        for (Index i = 0; i < p.value.size(); ++i) p.value.data()[i] += 0.1f * float(rng.normal());
      });
      flow.scaler.mean.value << 0.1f, -0.2f, 0.3f, 0;
      flow.scaler.scale.value << 1.5f, 0.7f, 2, 1;
      const Matrix<float> z = Matrix<float>::Random(6, 4), known = Matrix<float>::Constant(6, 1, 1.0f);
      Tape<float> tape;
      const auto through = [&](const Matrix<float>& at) {
        tape.reset(Mode::evaluate, Rng(5));
        return flow.loss(tape, tape.input(view(at)), view(known));
      };
      tape.reset(Mode::evaluate, Rng(5));
      const float plain = flow.loss(tape, view(z), view(known)).item();
      CHECK(through(z).item() == Approx(plain).epsilon(1e-5));
      tape.reset(Mode::evaluate, Rng(5));
      const Var<float> in = tape.input(view(z));
      tape.backward(flow.loss(tape, in, view(known)));
      const Matrix<float> gradient = in.upstream();
      for (Index i = 0; i < 4; ++i) {
        Matrix<float> above = z, below = z;
        above(i, i) += 1e-2f;
        below(i, i) -= 1e-2f;
        const double difference = double(through(above).item() - through(below).item()) / 2e-2;
        CHECK(double(gradient(i, i)) == Approx(difference).epsilon(0.02).margin(2e-3));
      }
    };
    if (diffusion) {
      check(Ddpm{});
    } else {
      check(RectifiedFlow{});
    }
  }
}

TEST_CASE("fine_tune: both stages move, the flow comes nearer to its latents, cells come back as well as before") {
  const int before = threads();
  set_threads(1);
  const CellTable cells = some_cells();
  Rng rng(2);
  Model vae({.genes = 50, .hidden = {24}, .latent = 4, .dropout = 0.1f}, rng);
  fit(vae, cells, {.epochs = 40, .batch = 64, .learning_rate = 3e-3f});
  auto flow = made_flow(cells);
  fit(flow, encode(vae, cells), {.epochs = 40, .batch = 64, .learning_rate = 2e-3f});
  const Model vae_before = vae;
  const Matrix<float> flow_before = all_weights(flow);
  const auto flow_loss = [&](const Model& model) {
    const LatentTable z = encode(model, cells);
    const Matrix<float> known = read_conditions(flow.condition, z.cell_columns);
    Tape<float> tape(Mode::evaluate);
    double sum = 0;
    for (int i = 0; i < 20; ++i) {
      tape.reset(Mode::evaluate, Rng(std::uint64_t(i)));
      sum += double(flow.loss(tape, view(z.mean), view(known)).item()) / 20;
    }
    return sum;
  };
  const double loss_before = flow_loss(vae), likelihood_before = cell_likelihood(vae, cells).mean_log_prob;
  const float rate = vae.to_mean.weight.learning_rate;
  const History h = fine_tune(vae, flow, cells, {}, {}, {.epochs = 20, .batch = 64, .learning_rate = 1e-3f});
  CHECK(h.epochs.size() == 20);
  CHECK(all_weights(vae) != all_weights(vae_before));
  CHECK(all_weights(flow) != flow_before);
  CHECK(vae.to_mean.weight.learning_rate == Approx(rate));
  const double likelihood_after = cell_likelihood(vae, cells).mean_log_prob;
  INFO("flow loss " << loss_before << " to " << flow_loss(vae) << ", likelihood " << likelihood_before << " to "
                    << likelihood_after);
  CHECK(flow_loss(vae) < loss_before);
  CHECK(likelihood_after > likelihood_before - 1);
  set_threads(before);
}

TEST_CASE("fine_tune: learning rates are what they were, to the bit") {
  const CellTable cells = some_cells();
  Rng rng(2);
  Model vae({.genes = 50, .hidden = {24}, .latent = 4}, rng);
  auto flow = made_flow(cells);
  flow.start(encode(vae, cells));
  std::vector<float> before, after;
  each_param(vae, [&](Param<float>& p) { before.push_back(p.learning_rate = 0.1f + 0.017f * float(before.size())); });
  fine_tune(vae, flow, cells, {}, {.autoencoder_rate = 0.3f}, {.epochs = 1, .batch = 64});
  each_param(vae, [&](const Param<float>& p) { after.push_back(p.learning_rate); });
  CHECK(after == before);
}

TEST_CASE("fine_tune: the flow learns the latents of whole cells, also where the autoencoder is shown a part") {
  const int before = threads();
  set_threads(1);
  const CellTable cells = some_cells();
  Rng rng(2);
  Model vae({.genes = 50, .hidden = {24}, .latent = 4, .dropout = 0.2f, .count_thinning = 0.5f}, rng);
  fit(vae, cells, {.epochs = 40, .batch = 64, .learning_rate = 3e-3f});
  auto flow = made_flow(cells);
  flow.start(encode(vae, cells));
  each_param(vae, [](Param<float>& p) { p.frozen = true; });
  fine_tune(vae, flow, cells, {}, {}, {.epochs = 60, .batch = 64, .learning_rate = 3e-3f, .ema = 0.98f});
  const LatentTable real = encode(vae, cells);
  const LatentTable made = flow.generate({.cells = cells.cell_columns, .steps = 20}, rng);
  set_threads(before);
  for (Index j = 0; j < 4; ++j) {
    const double mean = double(real.mean.col(j).mean());
    const double spread = std::sqrt(double((real.mean.col(j).array() - float(mean)).square().mean()) +
                                    double(real.deviation.col(j).array().square().mean()));
    CHECK(double(made.mean.col(j).mean()) == Approx(mean).margin(0.2 * spread));
    CHECK(std::sqrt(double((made.mean.col(j).array() - made.mean.col(j).mean()).square().mean())) ==
          Approx(spread).epsilon(0.15));
  }
}

TEST_CASE("fine_tune: with the gradient stopped the autoencoder learns as if it were alone") {
  const int before = threads();
  set_threads(1);
  const CellTable cells = some_cells();
  const auto tuned = [&](bool through, float weight) {
    Rng rng(2);
    Model vae({.genes = 50, .hidden = {24}, .latent = 4, .dropout = 0.0f}, rng);
    auto flow = made_flow(cells);
    flow.start(encode(vae, cells));
    fine_tune(vae, flow, cells, {},
              {.flow_weight = weight, .gradient = through ? LatentGradient::through_encoder : LatentGradient::stopped},
              {.epochs = 3, .batch = 64, .learning_rate = 1e-3f, .clip = 0});
    return all_weights(vae);
  };
  CHECK(tuned(false, 1) == tuned(false, 5));
  CHECK(tuned(true, 1) != tuned(true, 5));
  set_threads(before);
}

TEST_CASE("fine_tune: weights and rates out of range are refused by name and number") {
  const CellTable cells = some_cells();
  Rng rng(2);
  Model vae({.genes = 50, .hidden = {24}, .latent = 4, .dropout = 0.0f}, rng);
  auto flow = made_flow(cells);
  const auto refused = [&](const FineTuneOptions& o, const char* why) {
    CHECK_THROWS_WITH(fine_tune(vae, flow, cells, {}, o, {.epochs = 1}), ContainsText(why));
  };
  refused({.flow_weight = 0}, "fine_tune: flow_weight must be above 0, got 0");
  refused({.autoencoder_rate = -1}, "fine_tune: autoencoder_rate must be above 0, got -1");
  refused({.flow_rate = -2}, "fine_tune: flow_rate must be above 0, got -2");
}

TEST_CASE("by_name: parts freeze, learn and change their rates by name") {
  const CellTable cells = some_cells();
  Rng rng(2);
  Model vae({.genes = 50, .hidden = {24}, .latent = 4, .dropout = 0.0f}, rng);
  freeze(vae, "to_mean");
  freeze(vae, "first");
  const Matrix<float> first = vae.first.weight.value, heads = vae.heads.front().weight.value;
  fit(vae, cells, {.epochs = 2, .batch = 64});
  CHECK(vae.first.weight.value == first);
  CHECK(vae.heads.front().weight.value != heads);
  unfreeze(vae, "first");
  fit(vae, cells, {.epochs = 2, .batch = 64});
  CHECK(vae.first.weight.value != first);
  const float rate = vae.decoder.layers[0].weight.learning_rate;
  scale_learning_rate(vae, "decoder.layers.0", 0.5f);
  CHECK(vae.decoder.layers[0].weight.learning_rate == Approx(0.5 * double(rate)));
  REQUIRE_THROWS_WITH(freeze(vae, "enc"), ContainsText("no Param is called 'enc'") && ContainsText("first_tail"));
  REQUIRE_THROWS_WITH(scale_learning_rate(vae, "first", 0.0f), ContainsText("above 0"));
}

TEST_CASE("fit: minibatches gathered into a step move a model as one large batch does") {
  const int before = threads();
  set_threads(1);
  const CellTable cells = some_cells();
  const auto fitted = [&](Index batch, int accumulate) {
    Rng rng(2);
    // No posterior noise and no dropout: nothing random but the order of the cells.
    PlainAutoencoder<double, NegativeBinomial<double>> model(
        {.genes = 50, .hidden = {24}, .latent = 4, .dropout = 0.0f}, rng);
    fit(model, cells, {.epochs = 3, .batch = batch, .accumulate = accumulate, .learning_rate = 1e-3f, .seed = 4});
    return Matrix<double>(model.to_latent.weight.value);
  };
  const Matrix<double> whole = fitted(100, 1);
  CHECK((fitted(50, 2) - whole).cwiseAbs().maxCoeff() < 1e-6);
  CHECK((fitted(25, 4) - whole).cwiseAbs().maxCoeff() < 1e-6);
  CHECK((fitted(50, 1) - whole).cwiseAbs().maxCoeff() > 1e-4);
  REQUIRE_THROWS_WITH(fitted(50, 0), ContainsText("fit: accumulate must be at least 1, got 0"));
  set_threads(before);
}
