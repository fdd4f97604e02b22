#include <latentcell/multiomics/evaluate.hpp>
#include <latentcell/multiomics/fit.hpp>
#include <latentcell/multiomics/io.hpp>
#include <latentcell/multiomics/predict.hpp>

#include <latentcell/core/threads.hpp>
#include <latentcell/data/simulate_multiomics.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::multiomics;
using conformal::ModalityEncoder;
using conformal::PredictionIntervals;

namespace {

struct Made {
  Modality rna, protein, peaks;
};

Made made(Index cells, std::uint64_t seed) {
  Rng rng(seed);
  const CellTable t = simulate_multiomics(
      {.cells = cells, .genes = 120, .proteins = 4, .peaks = 80, .types = 3, .factors = 1, .strength = 1.5, .own = 0.1},
      rng);
  return {{"rna", t.counts, std::vector<char>(to_size(cells), 1), t.gene_names},
          dense_modality("protein", t.embeddings.at("protein_expression"), t.strings.at("protein_names")),
          dense_modality("accessibility", t.embeddings.at("accessibility"))};
}

std::vector<Index> range(Index first, Index last) {
  std::vector<Index> out;
  for (Index i = first; i < last; ++i) out.push_back(i);
  return out;
}

Modality hidden(Modality m) {
  std::fill(m.measured.begin(), m.measured.end(), char(0));
  return m;
}

ModalityEncoder code_of(const Modality& m, Index latent) {
  ModalityEncoder out({m.name, m.features, latent});
  Rng rng(1);
  out.fit(m, rng);
  return out;
}

multiomics::Options small() {
  multiomics::Options o;
  o.ensemble.members = 3;
  o.ensemble.velocity_net.width = 48;
  o.ensemble.velocity_net.depth = 1;
  o.ensemble.velocity_net.condition = 48;
  o.ensemble.fold_seed = 7;
  return o;
}

}  // namespace

TEST_CASE("dense_modality: rows of NaN were not measured; negative numbers are refused") {
  Matrix<float> x(3, 2);
  x << 1, 0, std::nanf(""), 2, 0, 4;
  const Modality m = dense_modality("p", x);
  CHECK(m.measured == std::vector<char>{1, 0, 1});
  CHECK(m.features == std::vector<std::string>{"p_1", "p_2"});
  CHECK(m.counts.view().row_sum(0) == 1);
  CHECK(m.counts.view().row_sum(1) == 0);
  CHECK(m.counts.view().row_sum(2) == 4);
  x(0, 0) = -1;
  CHECK_THROWS_WITH(dense_modality("p", x), ContainsText("has -1 where a count is wanted"));
  CHECK_THROWS_WITH(dense_modality("p", x, {"one"}), ContainsText("2 columns but 1 names"));
}

TEST_CASE("ModalityEncoder: few features come back as they were, many as their components' best") {
  const Made m = made(200, 3);
  const ModalityEncoder whole = code_of(m.protein, 99);
  CHECK(whole.identity);
  CHECK(whole.latent() == 4);
  const Matrix<float> z = whole.encode(m.protein);
  CHECK(std::abs(z.col(0).mean()) < 1e-4f);
  CHECK(std::sqrt(z.col(1).array().square().mean()) == Approx(1).epsilon(1e-3));
  const Matrix<float> logs =
      dense_counts(kernel::log_normalize(m.protein.counts, double(whole.depth.value(0, 0))).view());
  CHECK((whole.decode(z) - logs).cwiseAbs().maxCoeff() < 1e-4f);

  const ModalityEncoder parts = code_of(m.rna, 10);
  CHECK_FALSE(parts.identity);
  const Matrix<float> w = parts.encode(m.rna), back = parts.decode(w);
  const Matrix<float> x = dense_counts(kernel::log_normalize(m.rna.counts).view());
  const float all = (x.rowwise() - x.colwise().mean()).squaredNorm(), left = (x - back).squaredNorm();
  CHECK(left < 0.9f * all);
  CHECK((parts.encode(m.rna) - w).isZero());
  Modality part = m.rna;
  part.measured[5] = 0;
  const Matrix<float> told = parts.condition_features(part);
  CHECK(told.cols() == parts.n_condition());
  CHECK(told.row(5).isZero());
  CHECK(told(4, parts.n_condition() - 1) == 1);
  CHECK_THROWS_WITH(parts.encode(m.protein), ContainsText("4 features but the encoder has 120"));
  CHECK_THROWS_WITH(code_of(select_cells(m.rna, range(0, 10)), 10), ContainsText("only 10 cells were measured"));
}

TEST_CASE("translation: proteins from RNA, from accessibility, from both; intervals that cover; files; threads") {
  const Made all = made(900, 3);
  const auto part = [&](const Modality& m, bool train) {
    return select_cells(m, train ? range(0, 600) : range(600, 900));
  };
  const Modality protein = part(all.protein, true), rna = part(all.rna, true), peaks = part(all.peaks, true);
  Rng rng(4);
  multiomics::Model model(small(), code_of(protein, 10), {code_of(rna, 10), code_of(peaks, 10)}, rng);
  for (Index k = 0; k < 3; ++k) {
    TrainState<float> state;
    conformal::fit_fold_model(state, model.flows, k, training_data(model, protein, {rna, peaks}),
                              {.epochs = 60, .batch = 64, .learning_rate = 3e-3f, .ema = 0.98f, .seed = 7});
    CHECK(state.history.epochs.back().loss < 0.8 * state.history.epochs.front().loss);
  }
  calibrate_intervals(model, protein, {rna, peaks}, {.draws = 40}, rng);
  const Modality new_rna = part(all.rna, false), new_peaks = part(all.peaks, false), truth = part(all.protein, false);
  const Matrix<float> y = model.target.decode(model.target.encode(truth));
  const auto score = [&](const Modality& a, const Modality& b) {
    Rng own(5);
    return translation_score("", translate(model, {a, b}, {.draws = 40}, own), y, truth.measured);
  };
  const TranslationScore both = score(new_rna, new_peaks), from_rna = score(new_rna, hidden(new_peaks)),
                         from_peaks = score(hidden(new_rna), new_peaks),
                         none = score(hidden(new_rna), hidden(new_peaks));
  const Matrix<float> known = model.target.decode(model.target.encode(protein));
  PredictionIntervals linear;
  linear.mean = ridge(model.condition_features({rna, peaks}), known, model.condition_features({new_rna, new_peaks}));
  CHECK(both.mean_r > 0.6);
  CHECK(from_rna.mean_r > 0.6);
  CHECK(from_peaks.mean_r > 0.5);
  CHECK(both.mean_r > from_peaks.mean_r);
  CHECK(none.mean_r < 0.3);
  CHECK(both.mean_r > translation_score("", linear, y, truth.measured).mean_r - 0.02);
  CHECK(both.mse < 0.5);
  CHECK(both.cover50 == Approx(0.5).margin(0.06));
  CHECK(both.cover80 == Approx(0.8).margin(0.05));

  const fixtures::TemporaryFolder folder;
  save(folder / "model.safetensors", model);
  const multiomics::Model again = multiomics::load(folder / "model.safetensors");
  const int before = threads();
  Rng a(6), b(6);
  set_threads(1);
  const PredictionIntervals one = translate(model, {new_rna, new_peaks}, {.draws = 6}, a);
  set_threads(2);
  const PredictionIntervals two = translate(again, {new_rna, new_peaks}, {.draws = 6}, b);
  set_threads(before);
  CHECK(one.mean == two.mean);
  CHECK(one.low80 == two.low80);
  CHECK(double((one.low80.array() <= one.low50.array() + 1e-4f).count()) > 0.9 * double(one.low80.size()));
  CHECK_THROWS_WITH(translate(model, {new_rna}, {}, a), ContainsText("1 modalities for 2 sources"));
  CHECK_THROWS_WITH(translate(model, {new_rna, peaks}, {}, a), ContainsText("600 cells"));
}

TEST_CASE("translation's floors: ridge is exact on a line, neighbours average, the score is by hand") {
  Matrix<float> x(5, 1), y(5, 1), at(2, 1);
  x << 0, 1, 2, 3, 4;
  y << 1, 3, 5, 7, 9;
  at << 10, -1;
  const Matrix<float> line = ridge(x, y, at, 1e-6);
  CHECK(line(0, 0) == Approx(21).epsilon(1e-4));
  CHECK(line(1, 0) == Approx(-1).epsilon(1e-4));
  CHECK(neighbor_mean(x, y, at, 2)(0, 0) == Approx(8));
  PredictionIntervals t;
  t.mean = x;
  t.low50 = t.low80 = x.array() - 0.5f;
  t.high50 = x.array() + 1.5f;
  t.high80 = x.array() + 10.0f;
  const TranslationScore s = translation_score("me", t, y, {1, 1, 1, 1, 0});
  CHECK(s.mean_r == Approx(1));
  CHECK(s.mse == Approx((1.0 + 4 + 9 + 16) / 20));
  CHECK(s.cover50 == Approx(0.25));
  CHECK(s.cover80 == Approx(1));
  CHECK_THROWS_WITH(translation_score("me", t, y, {1}), ContainsText("1 marks"));
}

TEST_CASE("linear_joint: on what is linear it says what ridge says, and less than it where nothing is shared") {
  Rng rng(7);
  Matrix<float> x(2000, 4), y(2000, 2), at(3, 4);
  for (Index i = 0; i < x.rows(); ++i) {
    const double a = rng.normal(), b = rng.normal();
    for (Index j = 0; j < 4; ++j) x(i, j) = float((j % 2 == 0 ? a : b) * double(j + 1) + 0.3 * rng.normal());
    y(i, 0) = float(2 * a - b + 0.3 * rng.normal() + 5);
    y(i, 1) = float(rng.normal());
  }
  at << 0, 0, 0, 0, 1, 2, 3, 4, -1, 0, -3, 0;
  const Matrix<float> joint = linear_joint(x, y, at, 2), line = ridge(x, y, at);
  for (Index i = 0; i < 3; ++i) {
    CHECK(joint(i, 0) == Approx(line(i, 0)).margin(0.1));
    CHECK(joint(i, 1) == Approx(0).margin(0.25));
  }
}
