#include <cmath>
#include <limits>
#include <numeric>

#include <latentcell/latent/cell_likelihood.hpp>
#include <latentcell/latent/reconstruction_correlation.hpp>
#include <latentcell/backbone/dit.hpp>
#include <latentcell/condition/categorical_covariate.hpp>
#include <latentcell/core/threads.hpp>
#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/latent/sample_counts.hpp>
#include <latentcell/latent/encode.hpp>
#include <latentcell/latent/fit_flow.hpp>
#include <latentcell/latent/flow_likelihood.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

using Flow = LatentFlow<Dit<float>, FromObs<ObsCategory, CategoricalCovariate<float>>>;
using Model = Vae<float, NegativeBinomial<float>>;

const DitOptions tiny{.latent = 6, .tokens = 2, .width = 32, .depth = 1, .heads = 2, .mlp_ratio = 2, .condition = 8};

Flow made_flow(const std::vector<std::string>& levels, std::uint64_t seed) {
  Rng rng(seed);
  Dit<float> dit(tiny, rng);
  return Flow(RectifiedFlow{}, std::move(dit),
              from_obs("cell_type", levels, CategoricalCovariate<float>(Index(levels.size()), tiny.condition, rng)));
}

// Both stages, trained once on 300 simulated cells for all tests below.
struct Trained {
  CellTable cells;
  Model vae;
  LatentTable latents;
  Flow flow;
};

const Trained& trained() {
  static const Trained it = [] {
    const int before = threads();
    set_threads(1);  // products this small only wait for a second one
    Rng rng(11);
    CellTable cells = simulate({.cells = 300,
                                .genes = 60,
                                .types = 3,
                                .library = 400,
                                .type_library_spread = 0.8,
                                .type_skew = 0,
                                .marker_share = 0.3,
                                .marker_strength = 2},
                               rng);
    Model vae({.genes = 60, .hidden = {32}, .latent = 6}, rng);
    fit(vae, cells, {.epochs = 25, .batch = 64, .learning_rate = 5e-3f});
    LatentTable latents = encode(vae, cells);
    Flow flow = made_flow(cells.cell_columns.labels("cell_type").levels, 3);
    fit(flow, latents, {.epochs = 150, .batch = 64, .learning_rate = 6e-3f});
    set_threads(before);
    return Trained{std::move(cells), std::move(vae), std::move(latents), std::move(flow)};
  }();
  return it;
}

Annotation of_type(const Trained& t, std::size_t n, int code) {
  return labelled("cell_type", {t.flow.condition.reader.levels, std::vector<int>(n, code)});
}

RowVector<double> centre(const Matrix<float>& z, const std::vector<int>& codes, int code) {
  RowVector<double> sum = RowVector<double>::Zero(z.cols());
  double n = 0;
  for (Index i = 0; i < z.rows(); ++i) {
    if (codes[to_size(i)] != code) continue;
    sum += z.row(i).cast<double>();
    n += 1;
  }
  return sum / n;
}

}  // namespace

TEST_CASE("encode: a row for every cell, in order, with names and columns") {
  const Trained& t = trained();
  CHECK(t.latents.cells() == 300);
  CHECK(t.latents.latent() == 6);
  CHECK(t.latents.mean.allFinite());
  CHECK(t.latents.deviation.minCoeff() > 0);
  CHECK(t.latents.cell_names == t.cells.cell_names);
  for (Index i = 0; i < 300; i += 37) CHECK(t.latents.library[to_size(i)] == float(t.cells.counts.view().row_sum(i)));
  CHECK(reconstruction_correlation(t.vae, t.cells) > 0.4);
  const CellLikelihood likelihood = cell_likelihood(t.vae, t.cells);
  double mean = 0;
  for (double l : likelihood.log_prob) mean += l / 300;
  CHECK(mean == Approx(likelihood.mean_log_prob));
  CHECK(likelihood.mean_log_prob < 0);
  CHECK(likelihood.mean_kl > 0);
  Rng rng(1);
  const CellTable other = simulate({.cells = 5, .genes = 61}, rng);
  REQUIRE_THROWS_WITH(encode(t.vae, other), ContainsText("cells with 61 genes but the model has 60"));
}

TEST_CASE("generate and draw: labels as asked, whole counts, the genes of the training cells") {
  const Trained& t = trained();
  Rng rng(5);
  const LatentTable z =
      t.flow.generate({.count = 70, .condition = {{"cell_type", "type_2"}}, .steps = 8, .batch = 32}, rng);
  CHECK(z.cells() == 70);
  const Categorical label = z.cell_columns.labels("cell_type");
  CHECK(label.count(label.code_of("type_2")) == 70);
  const CellTable made = draw(t.vae, z, rng, {.batch = 16});
  CHECK(made.cells() == 70);
  CHECK(made.gene_names == t.cells.gene_names);
  CHECK(made.cell_names == z.cell_names);
  CHECK(made.embeddings.at("X_latentcell") == z.mean);
  CHECK(made.counts.nonzeros() > 0);
  bool whole = true;
  for (float x : made.counts.values()) whole = whole && x > 0 && x == std::floor(x);
  CHECK(whole);
  double asked = 0, got = 0;
  for (Index i = 0; i < 70; ++i) {
    asked += double(z.library[to_size(i)]);
    got += made.counts.view().row_sum(i);
  }
  CHECK(got == Approx(asked).epsilon(0.1));
}

TEST_CASE("generate: cells of a type lie nearest to that type's cells") {
  const Trained& t = trained();
  Rng rng(6);
  const std::vector<int> real = t.latents.cell_columns.labels("cell_type").codes;
  for (int code = 0; code < 3; ++code) {
    const LatentTable z = t.flow.generate({.cells = of_type(t, 200, code), .steps = 12}, rng);
    const RowVector<double> made = centre(z.mean, std::vector<int>(200, code), code);
    std::vector<double> distance;
    for (int other = 0; other < 3; ++other) distance.push_back((made - centre(t.latents.mean, real, other)).norm());
    INFO("type " << code << ": " << distance[0] << " " << distance[1] << " " << distance[2]);
    CHECK(std::min_element(distance.begin(), distance.end()) - distance.begin() == code);
  }
}

TEST_CASE("generate and draw: the same seed gives the same cells, in batches of any size and on any threads") {
  const Trained& t = trained();
  const int before = threads();
  const auto make = [&](std::uint64_t seed, Index batch, int n) {
    set_threads(n);
    Rng rng(seed);
    const LatentTable z =
        t.flow.generate({.cells = of_type(t, 60, 1), .steps = 6, .guidance = 1.5f, .batch = batch}, rng);
    return std::pair(z, draw(t.vae, z, rng, {.batch = batch}));
  };
  const auto [z, cells] = make(1, 60, 1);
  const auto [again, same] = make(1, 60, 1);
  CHECK(z.mean == again.mean);
  CHECK(z.library == again.library);
  CHECK(std::equal(cells.counts.values().begin(), cells.counts.values().end(), same.counts.values().begin(),
                   same.counts.values().end()));
  for (const auto& [batch, n] : {std::pair<Index, int>{60, 2}, {7, 1}, {16, 2}}) {
    const auto [other, drawn] = make(1, batch, n);
    CHECK((other.mean - z.mean).cwiseAbs().maxCoeff() < 1e-3f);  // products of other sizes round otherwise
    const double a = double(drawn.counts.nonzeros()), b = double(cells.counts.nonzeros());
    CHECK(a == Approx(b).epsilon(0.02));
  }
  // Two threads twice: the same bits.
  const auto [p, p_cells] = make(1, 60, 2);
  const auto [q, q_cells] = make(1, 60, 2);
  set_threads(before);
  CHECK(p.mean == q.mean);
  CHECK(std::equal(p_cells.counts.values().begin(), p_cells.counts.values().end(), q_cells.counts.values().begin(),
                   q_cells.counts.values().end()));
  CHECK(make(2, 60, before).first.mean != z.mean);
}

TEST_CASE("draw: random numbers belong to cells, so batches and threads draw the same") {
  const Trained& t = trained();
  const int before = threads();
  const auto counts = [&](Index batch, int n) {
    set_threads(n);
    Rng rng(8);
    return draw(t.vae, t.latents, rng, {.batch = batch}).counts;
  };
  const Counts one = counts(300, 1), two = counts(300, 2), small = counts(50, 1);
  set_threads(before);
  const auto share_of_equal = [&](const Counts& a, const Counts& b) {
    Index equal = 0;
    for (Index i = 0; i < 300; ++i) {
      const auto x = a.view().row_values(i), y = b.view().row_values(i);
      equal += std::equal(x.begin(), x.end(), y.begin(), y.end()) ? 1 : 0;
    }
    return double(equal) / 300;
  };
  CHECK(share_of_equal(one, two) > 0.98);  // means differ by rounding, which may tip a draw
  CHECK(share_of_equal(one, small) > 0.98);
}

TEST_CASE("two_stage_log_likelihood: more samples bound it tighter") {
  const Trained& t = trained();
  std::vector<Index> rows(40);
  std::iota(rows.begin(), rows.end(), Index(0));
  const CellTable cells = t.cells.select_cells(rows);
  const auto bound = [&](const CellTable& of, Index samples) {
    Rng rng(6);
    const std::vector<double> each =
        two_stage_log_likelihood(t.vae, t.flow, of, {.samples = samples}, {.steps = 10}, rng);
    return std::accumulate(each.begin(), each.end(), 0.0) / double(each.size());
  };
  const double one = bound(cells, 1), many = bound(cells, 8);
  CHECK(std::isfinite(one));
  CHECK(many > one);
  // Below log p(x | z) at the posterior's mean, for the latent costs something.
  CHECK(many < cell_likelihood(t.vae, cells).mean_log_prob);
  Rng rng(1);
  REQUIRE_THROWS_WITH(two_stage_log_likelihood(t.vae, t.flow, cells, {.samples = 0}, {}, rng),
                      ContainsText("two_stage_log_likelihood: samples must be at least 1, got 0"));
}

TEST_CASE("generate: guidance of one is the conditional field, of zero the unconditional") {
  const Trained& t = trained();
  const auto make = [&](int code, float guidance) {
    Rng rng(1);
    return t.flow.generate({.cells = of_type(t, 20, code), .steps = 6, .guidance = guidance}, rng).mean;
  };
  CHECK(make(2, 1.0f) == make(2, 1.0f));
  CHECK((make(2, 1.0f) - make(2, 1.0001f)).cwiseAbs().maxCoeff() < 1e-2f);
  CHECK((make(2, 0.0f) - make(-1, 1.0f)).cwiseAbs().maxCoeff() < 1e-5f);
  CHECK((make(2, 3.0f) - make(2, 1.0f)).cwiseAbs().maxCoeff() > 1e-2f);
}

TEST_CASE("LatentFlow: latents are standardised, posterior noise included") {
  const Trained& t = trained();
  for (Index j = 0; j < 6; ++j) {
    double mean = 0, square = 0;
    for (Index i = 0; i < 300; ++i) mean += double(t.latents.mean(i, j)) / 300;
    for (Index i = 0; i < 300; ++i) {
      square +=
          (std::pow(double(t.latents.mean(i, j)) - mean, 2) + std::pow(double(t.latents.deviation(i, j)), 2)) / 300;
    }
    CHECK(t.flow.scaler.mean.value(0, j) == Approx(mean).margin(1e-4));
    CHECK(t.flow.scaler.scale.value(0, j) == Approx(std::sqrt(square)).epsilon(1e-4));
  }
}

TEST_CASE("LatentFlow: noise changes places among cells of the same attributes alone") {
  const Trained& t = trained();
  const auto loss = [&](Coupling coupling, const std::vector<float>& codes) {
    Flow flow = t.flow;
    flow.path.coupling = coupling;
    const Index n = Index(codes.size());
    Tape<float> tape(Mode::no_gradient, Rng(5));
    const Matrix<float> z = t.latents.mean.topRows(n);
    return flow.loss(tape, view(z), ConstView<float>(codes.data(), n, 1)).value()(0, 0);
  };
  const float unknown = std::numeric_limits<float>::quiet_NaN();
  CHECK(loss(Coupling::optimal, {0, 1, 2, unknown}) == loss(Coupling::independent, {0, 1, 2, unknown}));
  CHECK(loss(Coupling::optimal, {1, 1, 1, 1, 1, 1}) != loss(Coupling::independent, {1, 1, 1, 1, 1, 1}));
  CHECK(loss(Coupling::optimal, std::vector<float>(6, unknown)) !=
        loss(Coupling::independent, std::vector<float>(6, unknown)));
}

TEST_CASE("FromObs: codes follow names, not positions") {
  const Flow flow = made_flow({"B", "T"}, 1);
  Annotation obs(4);
  obs.set("cell_type", Categorical{{"T", "NK", "B"}, {0, 1, 2, -1}});
  const auto codes = [&](const Annotation& of) {
    const Matrix<float> cells = read_conditions(flow.condition, of);
    return label_codes(flow.condition, ConstView<float>(cells.data(), cells.rows(), cells.cols()));
  };
  CHECK(codes(obs) == std::vector<int>{1, -1, 0, -1});
  CHECK(codes(Annotation(2)) == std::vector<int>{-1, -1});
  REQUIRE_THROWS_WITH(parse_conditions(flow.condition, {{"cell_type", "NK"}}),
                      ContainsText("no level 'NK'; there are B, T"));
  Rng rng(1);
  REQUIRE_THROWS_WITH(from_obs("cell_type", {"B"}, CategoricalCovariate<float>(2, 4, rng)),
                      ContainsText("column 'cell_type' has 1 levels but its encoder 2"));
}

TEST_CASE("generate and draw: bad requests are named") {
  const Trained& t = trained();
  Rng rng(1);
  REQUIRE_THROWS_WITH(t.flow.generate({.count = 1, .condition = {{"cell_type", "type_9"}}}, rng),
                      ContainsText("no level 'type_9'"));
  REQUIRE_THROWS_WITH(t.flow.generate({.count = 1, .condition = {{"tissue", "x"}}}, rng),
                      ContainsText("no condition 'tissue', only 'cell_type'"));
  REQUIRE_THROWS_WITH(t.flow.generate({.condition = {{"dose", "1"}}}, rng),
                      ContainsText("no condition 'dose', only 'cell_type'"));
  REQUIRE_THROWS_WITH(t.flow.generate({.cells = labelled("cell_type", {{"type_9"}, {0}})}, rng),
                      ContainsText("no level 'type_9'"));
  REQUIRE_THROWS_WITH(t.flow.generate({.count = 1, .eta = 0.5}, rng), ContainsText("choose Method::ddim"));
  REQUIRE_THROWS_WITH(t.flow.generate({.count = 1, .guidance = 2, .guidance_each = {{"cell_type", 1.0f}}}, rng),
                      ContainsText("not both"));
  REQUIRE_THROWS_WITH(t.flow.generate({.count = -1}, rng), ContainsText("generate: count must be at least 0, got -1"));
  REQUIRE_THROWS_WITH(t.flow.generate({.count = 1, .batch = 0}, rng),
                      ContainsText("generate: batch must be at least 1, got 0"));
  REQUIRE_THROWS_WITH(draw(t.vae, t.latents, rng, {.batch = 0}), ContainsText("draw: batch must be at least 1, got 0"));
  REQUIRE_THROWS_WITH(draw(t.vae, t.latents, rng, {.batch_covariate = {1}}),
                      ContainsText("1 codes of the batch covariate for 300 cells"));
  LatentTable wrong = t.latents;
  wrong.library.pop_back();
  REQUIRE_THROWS_WITH(draw(t.vae, wrong, rng), ContainsText("299 library sizes for 300 cells"));
  CHECK(t.flow.generate({.count = 0}, rng).cells() == 0);
}
