#include <latentcell/multiomics/joint_model.hpp>

#include <latentcell/core/threads.hpp>
#include <latentcell/multiomics/evaluate.hpp>
#include <latentcell/train/fit_joint.hpp>

#include "io/fixtures.hpp"
#include "multiomics/fixtures.hpp"
#include "support/catch.hpp"

using namespace multiomics_fixtures;

namespace {

std::vector<Modality> measured(Index cells) {
  const Dataset d = dataset(cells);
  return {rna_modality(d.cells), d.protein, *d.extra};
}

std::vector<Modality> rows(const std::vector<Modality>& from, Index first, Index last) {
  std::vector<Modality> out;
  for (const Modality& m : from) out.push_back(select_cells(m, range(first, last)));
  return out;
}

JointVae<float> small(const std::vector<Modality>& cells, Observation protein) {
  JointVaeOptions o{.latent = 6};
  for (const Modality& m : cells)
    o.parts.push_back({.name = m.name, .genes = m.counts.cols(), .hidden = {24}, .dropout = 0.05f});
  o.parts[1].weight = 5;
  o.parts[1].observation = protein;
  o.parts[2].observation = Observation::detection;
  Rng rng(2);
  return JointVae<float>(o, rng);
}

}  // namespace

TEST_CASE("joint model: proteins from RNA, from accessibility, better from both; every modality narrows the latent") {
  const int before = threads();
  set_threads(1);
  const std::vector<Modality> all = measured(400), train = rows(all, 0, 250), held = rows(all, 250, 400);
  for (const Observation kind : {Observation::counts, Observation::protein_mixture}) {
    INFO("observation " << int(kind));
    JointVae<float> model = small(train, kind);
    latentcell::fit(model, train, {.epochs = 40, .batch = 32, .learning_rate = 3e-3f, .ema = 0.98f, .seed = 1});
    const double depth = 300;
    const Matrix<float> truth = dense_counts(kernel::log_normalize(held[1].counts, depth).view());
    const auto predicted = [&](const Modality& rna, const Modality& peaks) {
      Rng rng(5);
      return translate(model, {rna, hide(held[1]), peaks}, 1, depth, {.draws = 20}, rng);
    };
    const auto r = [&](const conformal::PredictionIntervals& p) {
      return mean_correlation(correlations(p.mean, truth, held[1].measured));
    };
    const conformal::PredictionIntervals both = predicted(held[0], held[2]);
    const double from_rna = r(predicted(held[0], hide(held[2]))), from_peaks = r(predicted(hide(held[0]), held[2]));
    INFO("both " << r(both) << ", RNA " << from_rna << ", peaks " << from_peaks);
    CHECK(r(both) > 0.6);
    CHECK(from_rna > 0.5);
    CHECK(from_peaks > 0.5);
    CHECK(r(both) > from_peaks);
    CHECK(std::abs(r(predicted(hide(held[0]), hide(held[2])))) < 0.25);  // the prior, 4 / sqrt(150 cells * 2)
    CHECK((both.low80.array() <= both.low50.array() && both.high50.array() <= both.high80.array()).all());
    const evaluate::ScoreTable scores = multiomics::evaluate({{"joint", {}, both}}, truth, held[1].measured);
    CHECK(scores.value("joint", "cover80") > 0.65);
    CHECK(scores.value("joint", "cover80") < 0.97);
    CHECK(scores.value("joint", "cover50") < scores.value("joint", "cover80"));

    const LatentTable z = encode(model, held), less = encode(model, {held[0], hide(held[1]), hide(held[2])}),
                      none = encode(model, {hide(held[0]), hide(held[1]), hide(held[2])});
    CHECK(z.latent() == 6);
    CHECK((z.deviation.array() < less.deviation.array()).all());
    CHECK(none.mean.isZero());
    CHECK((none.deviation.array() == 1.0f).all());
    set_threads(2);
    CHECK(predicted(held[0], held[2]).mean == both.mean);
    set_threads(1);
  }
  set_threads(before);
}

TEST_CASE("translate: one latent's mean is log1p of shares that sum to the depth, more latents average such rows") {
  const std::vector<Modality> cells = measured(20);
  const JointVae<float> model = small(cells, Observation::counts);
  for (const double depth : {30.0, 3000.0}) {
    Rng one(1), many(1);
    const Matrix<float> single = translate(model, cells, 0, depth, {.latents = 1, .draws = 0}, one).mean,
                        averaged = translate(model, cells, 0, depth, {.latents = 8, .draws = 0}, many).mean;
    const auto total = [](const Matrix<float>& x, Index i) { return double((x.row(i).array().exp() - 1).sum()); };
    for (Index i = 0; i < 20; ++i) {
      CHECK(total(single, i) == Approx(depth).epsilon(1e-4));
      CHECK(total(averaged, i) < depth);  // the mean of logarithms is below the logarithm of the mean
    }
  }
}

TEST_CASE("joint model: what does not fit is named") {
  const std::vector<Modality> cells = measured(20);
  JointVae<float> model = small(cells, Observation::counts);
  Rng rng(1);
  CHECK_THROWS_WITH(translate(model, cells, 3, 100, {}, rng), ContainsText("translate: target 3 of 3 modalities"));
  CHECK_THROWS_WITH(translate(model, cells, 1, 100, {.draws = 1}, rng),
                    ContainsText("translate: draws must be 0 or at least 2, got 1"));
  CHECK_THROWS_WITH(translate(model, cells, 1, 100, {.latents = 0}, rng),
                    ContainsText("translate: latents must be at least 1, got 0"));
  for (const Index batch : {0, -3})
    CHECK_THROWS_WITH(translate(model, cells, 1, 100, {.batch = batch}, rng), ContainsText("batch must be at least 1"));
  CHECK_THROWS_WITH(encode(model, {cells[0]}), ContainsText("1 modalities but the model has 3"));
  for (std::size_t m = 0; m < 3; ++m) model.name_features(Index(m), cells[m].features);
  model.name_features(1, {"protein_1", "other"});
  CHECK_THROWS_WITH(in_features_of(model, cells), ContainsText("has 1 of the 2 features"));
}
