#include <latentcell/backbone/dit.hpp>
#include <latentcell/backbone/latent_unet.hpp>
#include <latentcell/backbone/residual_mlp.hpp>
#include <latentcell/condition/categorical_covariate.hpp>
#include <latentcell/condition/continuous_covariate.hpp>
#include <latentcell/condition/gene_set.hpp>
#include <latentcell/flow/ddpm.hpp>

#include "support/mixture.hpp"
#include "support/round_trip.hpp"

using namespace latentcell;

namespace {

/// Trains a flow for an epoch, with a condition of every kind of covariate.
template <class Backbone, class Options, class Path>
void check(const Options& options, const Path& path) {
  LatentTable table = latent_tests::mixture(40, 1);
  std::vector<double> age;
  std::vector<std::string> genes;
  for (int i = 0; i < 40; ++i) {
    age.push_back(0.1 * i);
    genes.push_back(i % 3 == 0 ? "control" : i % 3 == 1 ? "A" : "A+B");
  }
  table.cell_columns.set("age", age);
  table.cell_columns.set("perturbation", to_categorical(genes));
  const auto build = [&](std::uint64_t seed) {
    Rng rng(seed);
    const Index width = options.condition;
    return LatentFlow(
        path, Backbone(options, rng),
        conditions(
            Combine::sum, from_obs("type", latent_tests::levels, CategoricalCovariate<float>(2, width, rng)),
            from_obs(ObsNumbers{{"age"}},
                     ContinuousCovariate<float>({.width = width, .frequencies = 2, .scale = 3}, rng)),
            from_obs(ObsGenes{.column = "perturbation", .genes = {"A", "B"}}, GeneSet<float>(2, 3, width, rng))),
        {.label_dropout = 0.25f, .attribute_dropout = 0.4f});
  };
  using Flow = decltype(build(0));
  support::check_round_trip(
      build(1), [&](Flow& flow) { fit(flow, table, {.epochs = 1, .batch = 20}); },
      [&](const std::string& file) {
        Flow flow = build(2);
        io::load_into(file, flow);
        return flow;
      });
}

const RectifiedFlow rectified{.time = {.sampling = TimeSampling::logit_normal, .mean = 0.3, .scale = 0.8},
                              .coupling = Coupling::optimal};
const Ddpm ddpm{.schedule = NoiseSchedule::sigmoid,
                .prediction = Prediction::data,
                .weighting = LossWeight::min_snr,
                .snr_bound = 3.5,
                .time = {.draws = TimeDraws::stratified}};

}  // namespace

TEST_CASE("save_model: a flow of every backbone and path keeps all options and trains on alike") {
  const DitOptions dit{.latent = 2, .tokens = 2, .width = 8, .depth = 2, .heads = 2, .condition = 6, .dropout = 0.2f};
  const ResidualMlpOptions mlp{.latent = 2, .width = 8, .depth = 2, .ratio = 3, .condition = 6, .dropout = 0.3f};
  const LatentUnetOptions unet{
      .latent = 2, .widths = {8, 4}, .condition = 6, .injection = Injection::film, .dropout = 0.1f};
  check<Dit<float>>(dit, rectified);
  check<Dit<float>>(dit, ddpm);
  check<ResidualMlp<float>>(mlp, rectified);
  check<ResidualMlp<float>>(mlp, ddpm);
  check<LatentUnet<float>>(unet, rectified);
  check<LatentUnet<float>>(unet, ddpm);
}

TEST_CASE("save_model: a backbone alone is built again from its options") {
  Rng rng(1);
  const support::TemporaryFile file;
  const LatentUnet<float> unet({.latent = 3, .widths = {6, 5, 4}, .blocks = 2, .condition = 4, .dropout = 0.2f}, rng);
  io::save_model(file.path, unet);
  support::check_same(unet, io::load_model<LatentUnet<float>>(file.path));
  const GeneSet<float> set(Matrix<float>::Random(4, 3), 5, rng);
  io::save_model(file.path, set);
  const auto read = io::load_model<GeneSet<float>>(file.path);
  support::check_same(set, read);
  CHECK(read.genes.frozen);  // given embeddings stay as they are
}
