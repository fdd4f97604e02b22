#include <latentcell/multiomics/joint_model.hpp>

#include <latentcell/core/threads.hpp>
#include <latentcell/data/simulate_multiomics.hpp>
#include <latentcell/multiomics/evaluate.hpp>
#include <latentcell/multiomics/io.hpp>
#include <latentcell/train/fit_joint.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::multiomics;
using conformal::ModalityEncoder;
using conformal::PredictionIntervals;

namespace {

std::vector<Modality> made(Index cells) {
  Rng rng(3);
  const CellTable t = simulate_multiomics(
      {.cells = cells, .genes = 100, .proteins = 5, .peaks = 60, .types = 3, .factors = 1, .strength = 1.5, .own = 0.1},
      rng);
  return {{"rna", t.counts, std::vector<char>(to_size(cells), 1), t.gene_names},
          dense_modality("protein", t.embeddings.at("protein_expression"), t.strings.at("protein_names")),
          dense_modality("accessibility", t.embeddings.at("accessibility"))};
}

std::vector<Modality> rows(const std::vector<Modality>& from, Index first, Index last) {
  std::vector<Index> these;
  for (Index i = first; i < last; ++i) these.push_back(i);
  std::vector<Modality> out;
  for (const Modality& m : from) out.push_back(select_cells(m, these));
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

TEST_CASE("joint model: proteins are told from RNA, from accessibility, better from both; intervals; files; threads") {
  const int before = threads();
  set_threads(1);
  const std::vector<Modality> all = made(500), learn = rows(all, 0, 350), held = rows(all, 350, 500);
  for (const Observation kind : {Observation::counts, Observation::protein_mixture}) {
    INFO("observation " << int(kind));
    JointVae<float> model = small(learn, kind);
    fit(model, learn, {.epochs = 40, .batch = 32, .learning_rate = 3e-3f, .ema = 0.98f, .seed = 1});
    const double depth = 300;
    const Matrix<float> truth = dense_counts(kernel::log_normalize(held[1].counts, depth).view());
    const auto told = [&](bool rna, bool peaks) {
      Rng rng(5);
      return translate(model, {rna ? held[0] : hide(held[0]), hide(held[1]), peaks ? held[2] : hide(held[2])}, 1, depth,
                       {.draws = 40}, rng);
    };
    const auto score = [&](const PredictionIntervals& t) { return translation_score("", t, truth, held[1].measured); };
    const PredictionIntervals both = told(true, true);
    const TranslationScore of_both = score(both), of_rna = score(told(true, false)),
                           of_peaks = score(told(false, true));
    INFO("both " << of_both.mean_r << ", RNA " << of_rna.mean_r << ", peaks " << of_peaks.mean_r);
    CHECK(of_both.mean_r > 0.65);
    CHECK(of_rna.mean_r > 0.6);
    CHECK(of_peaks.mean_r > 0.6);
    CHECK(of_both.mse < 0.55);
    CHECK(std::abs(score(told(false, false)).mean_r) < 0.2);  // nothing is known: the prior
    CHECK(of_both.cover80 > 0.65);
    CHECK(of_both.cover80 < 0.97);
    CHECK((both.low80.array() <= both.low50.array() && both.high50.array() <= both.high80.array()).all());

    const LatentTable z = encode(model, held);
    CHECK(z.latent() == 6);
    // Each modality makes the latent surer.
    const LatentTable less = encode(model, {held[0], hide(held[1]), hide(held[2])});
    CHECK((z.deviation.array() < less.deviation.array()).all());
    const LatentTable none = encode(model, {hide(held[0]), hide(held[1]), hide(held[2])});
    CHECK(none.mean.isZero());
    CHECK((none.deviation.array() == 1.0f).all());

    const fixtures::TemporaryFolder folder;
    save(folder / "joint.safetensors", model);
    const JointVae<float> again = load_joint_vae(folder / "joint.safetensors");
    CHECK(encode(again, held).mean == z.mean);
    CHECK(again.features(1) == held[1].features);
    Rng rng(5);
    CHECK(translate(again, {held[0], hide(held[1]), held[2]}, 1, depth, {.draws = 40}, rng).low80 == both.low80);
    set_threads(2);
    CHECK(told(true, true).mean == both.mean);
    set_threads(1);
  }
  set_threads(before);
}

TEST_CASE("Translation: its joint autoencoder is kept with it") {
  const std::vector<Modality> cells = made(60);
  const auto code = [&](const Modality& m) {
    ModalityEncoder out({m.name, m.features, 5});
    Rng rng(1);
    out.fit(m, rng);
    return out;
  };
  Rng rng(1);
  multiomics::Options o;
  o.ensemble.members = 2;
  multiomics::Model model(o, code(cells[1]), {code(cells[0])}, rng);
  const fixtures::TemporaryFolder folder;
  save(folder / "without", model);
  CHECK_FALSE(multiomics::load(folder / "without").joint.has_value());
  model.joint.emplace(small(cells, Observation::counts));
  for (std::size_t m = 0; m < 3; ++m) model.joint->name_features(Index(m), cells[m].features);
  save(folder / "with", model);
  const multiomics::Model again = multiomics::load(folder / "with");
  REQUIRE(again.joint.has_value());
  CHECK(encode(*again.joint, cells).mean == encode(*model.joint, cells).mean);
}

TEST_CASE("joint model: what does not fit is named") {
  const std::vector<Modality> cells = made(20);
  const JointVae<float> model = small(cells, Observation::counts);
  Rng rng(1);
  CHECK_THROWS_WITH(translate(model, cells, 3, 100, {}, rng), ContainsText("translate: target 3 of 3 modalities"));
  CHECK_THROWS_WITH(translate(model, cells, 1, 100, {.draws = 1}, rng), ContainsText("16 latents and 1 draws"));
  CHECK_THROWS_WITH(encode(model, {cells[0]}), ContainsText("1 modalities but the model has 3"));
  const fixtures::TemporaryFolder folder;
  io::SafeTensors other;
  other.metadata["latentcell.kind"] = "translation";
  io::save_safetensors(folder / "other", other);
  CHECK_THROWS_WITH(load_joint_vae(folder / "other"), ContainsText("holds a model of kind 'translation'"));
}

TEST_CASE("select_features: some features, in the order that a modality has them") {
  const Modality m = made(10)[1];
  const Modality two = select_features(m, {"protein_2", "protein_4"});
  CHECK(two.counts.cols() == 2);
  CHECK(dense_counts(two.counts.view()).col(1) == dense_counts(m.counts.view()).col(3));
  CHECK(two.measured == m.measured);
  CHECK_THROWS_WITH(select_features(m, {"protein_2", "other"}),
                    ContainsText("modality 'protein' has 1 of the 2 features wanted"));
  CHECK_THROWS_WITH(select_features(m, {"protein_4", "protein_2"}), ContainsText("or in another order"));
}
