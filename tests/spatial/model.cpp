#include <latentcell/spatial/evaluate.hpp>

#include <algorithm>

#include <latentcell/core/threads.hpp>
#include <latentcell/data/simulate_tissue_slice.hpp>
#include <latentcell/metric/subsample.hpp>
#include <latentcell/spatial/align_slices.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;

namespace {

Matrix<float> made_points(Index n, std::uint64_t seed) {
  Rng rng(seed);
  Matrix<float> out(n, 2);
  for (Index i = 0; i < n; ++i) {
    out(i, 0) = float(20 * rng.uniform_double());
    out(i, 1) = float(8 * rng.uniform_double() + (out(i, 0) > 12 ? 3 : 0));
  }
  return out;
}

}  // namespace

TEST_CASE("align_slices: finds a turn and a shift, by outline and by expression") {
  const Matrix<float> fixed = made_points(250, 1);
  RigidMotion away;
  away.angle = 2.1;
  away.shift[0] = 30;
  away.shift[1] = -7;
  const Matrix<float> moving = away(fixed);
  const RigidMotion back = align_slices(fixed, moving);
  CHECK((back(moving) - fixed).cwiseAbs().maxCoeff() < 0.5f);  // points that lie inside do not pull

  CHECK(std::cos(back.angle + 2.1) == Approx(1).epsilon(1e-3));
  // A disc has no outline to turn by; what it shows has.
  Rng rng(3);
  Matrix<float> disc(400, 2), shown(400, 1);
  for (Index i = 0; i < 400; ++i) {
    const double r = 10 * std::sqrt(rng.uniform_double()), a = 6.2831853 * rng.uniform_double();
    disc(i, 0) = float(r * std::cos(a));
    disc(i, 1) = float(r * std::sin(a));
    shown(i, 0) = disc(i, 0) / 5;
  }
  const Matrix<float> turned = away(disc);
  CHECK((align_slices(disc, turned, shown, shown)(turned) - disc).cwiseAbs().mean() < 1.0f);
  // Or a turn that is roughly known.
  CHECK((align_slices(disc, turned, {}, {}, -2.0)(turned) - disc).cwiseAbs().mean() < 1.5f);
  CHECK_THROWS_WITH(align_slices(fixed.topRows(2), moving), ContainsText("at least three points"));
  CHECK_THROWS_WITH(align_slices(fixed, moving, shown, shown), ContainsText("features"));
}

TEST_CASE("align_slices: an array's grid does not hold the tissue on it to right angles") {
  // The same tissue, nearly round with a dent, laid on the grid of spots in two ways.
  const auto on_grid = [](double turn) {
    std::vector<float> at;
    for (int x = -12; x <= 12; ++x) {
      for (int y = -12; y <= 12; ++y) {
        const double u = std::cos(turn) * x - std::sin(turn) * y, v = std::sin(turn) * x + std::cos(turn) * y;
        const bool inside = u * u / 81 + v * v / 64 < 1 && (u - 5) * (u - 5) + (v - 6) * (v - 6) > 16;
        if (inside) at.push_back(float(x)), at.push_back(float(y));
      }
    }
    return Matrix<float>(Eigen::Map<const Matrix<float>>(at.data(), Index(at.size() / 2), 2));
  };
  const double turn = 2.4;
  const RigidMotion back = align_slices(on_grid(0), on_grid(turn));
  CHECK(std::abs(std::remainder(back.angle - turn, 2 * 3.14159265358979)) < 0.12);
}

TEST_CASE("candidate_alignments: a round outline has rivals, an oval one, a long one with a bend none") {
  const auto round = [](float wide, std::uint64_t seed) {
    Rng rng(seed);
    Matrix<float> out(300, 2);
    for (Index i = 0; i < 300; ++i) {
      const double r = 10 * std::sqrt(rng.uniform_double()), a = 6.2831853 * rng.uniform_double();
      out.row(i) << wide * float(r * std::cos(a)), float(r * std::sin(a));
    }
    return out;
  };
  // The next section of the same tissue: other points, turned.
  const auto next = [](const Matrix<float>& x) {
    RigidMotion away;
    away.angle = 0.9;
    away.shift[0] = 3;
    return away(x);
  };
  const std::vector<RigidMotion> of_bent = candidate_alignments(made_points(300, 4), next(made_points(300, 5))),
                                 of_disc = candidate_alignments(round(1, 4), next(round(1, 5))),
                                 of_oval = candidate_alignments(round(2, 4), next(round(2, 5)));
  const auto apart = [](double a, double b) { return std::abs(std::remainder(a - b, 6.2831853)); };
  CHECK(of_bent.size() > 1);
  CHECK(ambiguous_alignments(of_bent).empty());
  CHECK(apart(of_bent[0].angle, -0.9) < 0.15);
  CHECK(ambiguous_alignments(of_disc).size() >= 5);    // of twelve that are 30 degrees apart
  REQUIRE(ambiguous_alignments(of_oval).size() == 1);  // upside down
  CHECK(apart(of_oval[1].angle, of_oval[0].angle) == Approx(3.1416).margin(0.2));
  CHECK(candidate_alignments(round(1, 4), next(round(1, 5)), {}, {}, -0.9).size() == 1);
}

TEST_CASE("krige: exact without nugget at a known place, by hand with two, a mean far away") {
  SpatialReference known;
  known.at.resize(2, 2);
  known.at << 0, 0, 2, 0;
  known.slice = {0, 0};
  known.values.resize(2, 1);
  known.values << 1, 5;
  const auto at = [&](float x, const Variogram& v) {
    const float place[2] = {x, 0};
    RowVector<double> out;
    krige(known, detail::Around(known, place, 0, -1, {}, 1, 10), v, 1, 10, out);
    return out(0);
  };
  CHECK(at(0, {2, 1e-6}) == Approx(1).epsilon(1e-4));
  CHECK(at(1, {2, 0.3}) == Approx(3));
  CHECK(at(1000, {2, 0.3}) == Approx(3).epsilon(1e-6));
  // Weights w and 1 - w that make the expected squared error least.
  const double n = 0.3, c = 0.7 * std::exp(-1.0), near = 0.7 * std::exp(-0.25), far = 0.7 * std::exp(-0.75);
  double best = 1e9, w_best = 0;
  for (double w = 0; w <= 1; w += 1e-4) {
    const double error = (w * w + (1 - w) * (1 - w)) * (0.7 + n) + 2 * w * (1 - w) * c - 2 * (w * near + (1 - w) * far);
    if (error < best) best = error, w_best = w;
  }
  CHECK(at(0.5f, {2, 0.3}) == Approx(w_best + 5 * (1 - w_best)).epsilon(1e-3));
}

TEST_CASE("SpatialContext: what is left out is not told") {
  SpatialReference known{made_points(60, 2), std::vector<int>(60, 0), Matrix<float>::Random(60, 3)};
  for (std::size_t i = 30; i < 60; ++i) known.slice[i] = 1;
  SpatialContext context{.options = {.neighbors = {1, 4}, .kriged = 10, .waves = 2}, .variogram = {3, 0.5}};
  const Index columns = context.columns(3);
  CHECK(columns == 3 * 3 + 2 + 2 + 8 + 1);
  const auto tell = [&](const SpatialMask& gap) {
    std::vector<float> out(to_size(columns));
    context.tell(known, known.at.data(), 0, 0, gap, out.data());
    return out;
  };
  const std::vector<float> all = tell({}), other = tell({0, true});
  const detail::Around near(known, known.at.data(), 0, 0, {}, 1, 1),
      across(known, known.at.data(), 0, 0, {0, true}, 1, 1);
  CHECK(all[0] == known.values(near.row[0], 0));
  CHECK(known.slice[to_size(across.row[0])] == 1);
  CHECK(other[0] == known.values(across.row[0], 0));
  const detail::Around bare(known, known.at.data(), 0, 0, {4.0, false}, 1, 5);
  for (const double d : bare.distance) CHECK(d >= 4.0);
  CHECK(bare.row[0] != 0);
}

TEST_CASE("spatial: held-out spots better than kriging alone, intervals that cover, files and threads to the bit") {
  Rng rng(8);
  const CellTable cells = simulate_tissue_slice({.spots = 700, .genes = 12, .own = 0.6}, rng);
  const Matrix<float>& at = cells.embeddings.at("spatial");
  std::vector<Index> in, out;
  for (Index i = 0; i < 700; ++i) (i % 3 == 0 ? out : in).push_back(i);
  const auto part = [&](const std::vector<Index>& rows) {
    const CellTable t = cells.select_cells(rows);
    return Modality{"expression", t.counts, std::vector<char>(rows.size(), 1), t.gene_names};
  };
  const Modality known_genes = part(in), truth = part(out);
  ModalityEncoder code({"expression", cells.gene_names, 10});
  code.fit(known_genes, rng);
  SpatialOptions o;
  o.ensemble = {
      .members = 4, .velocity_net = {.width = 32, .depth = 1, .condition = 48, .dropout = 0.3f}, .fold_seed = 3};
  o.context = {.neighbors = {1, 5}, .kriged = 15, .waves = 1};
  Spatial model(o, code, {}, rng);
  const SpatialReference known =
      spatial_cells(model, metric::pick_rows(view(at), in), std::vector<int>(in.size(), 0), known_genes);
  start(model, known, rng);
  CHECK(model.context.variogram.range > 1);
  for (Index k = 0; k < 4; ++k) {
    TrainState<float> state;
    fit_fold_model(state, model, k, known, known_genes, {},
                   {.epochs = 25, .batch = 64, .learning_rate = 2e-3f, .ema = 0.98f, .seed = 3});
  }
  const Matrix<float> told_known = tell_known(model, known, {}, rng);
  fit_stacking(model, known_genes, told_known, rng);
  calibrate_intervals(model, known_genes, told_known, known.slice, {.draws = 40}, rng);
  CHECK(model.trust.value.minCoeff() >= 0);
  CHECK(model.trust.value.maxCoeff() <= 1);
  CHECK(model.spread.value == column_spread(model.target.log_normalized(known_genes)));

  const Matrix<float> places = metric::pick_rows(view(at), out), y = model.target.log_normalized(truth);
  const Matrix<float> told = tell_places(model, known, places, std::vector<int>(out.size(), 0), {});
  Rng a(6);
  const PredictionIntervals made = predict(model, told, std::vector<int>(out.size(), 0), {.draws = 40}, a);
  const SpatialScore score = spatial_score("model", made, y, places);
  const PredictionIntervals kriged{model.target.decode(kriged_latents(model, told)), {}, {}, {}, {}};
  const SpatialScore kriging = spatial_score("kriging", kriged, y, places);
  CHECK(score.pearson > 0.3);
  CHECK(score.pearson > kriging.pearson - 0.02);
  CHECK(score.cover50 == Approx(0.5).margin(0.08));
  CHECK(score.cover80 == Approx(0.8).margin(0.07));
  const SpatialScore wide =
      spatial_score("", {spread_kept(made.mean, model.spread.value.row(0)), {}, {}, {}, {}}, y, places);
  CHECK(wide.ssim > score.ssim);

  const fixtures::TemporaryFolder folder;
  save(folder / "model.safetensors", model);
  const Spatial again = load_spatial(folder / "model.safetensors");
  io::SafeTensors older = io::load_safetensors(folder / "model.safetensors");
  const auto spread = std::ranges::find(older.tensors, std::string("model.spread"), &io::SafeTensors::Tensor::name);
  REQUIRE(spread != older.tensors.end());
  spread->name = "model.stretch";
  io::save_safetensors(folder / "older.safetensors", older);
  CHECK_THROWS_WITH(load_spatial(folder / "older.safetensors"), ContainsText("train it again"));
  io::SafeTensors missing_slice = io::load_safetensors(folder / "model.safetensors");
  missing_slice.metadata["own_slice"] = "1";
  io::save_safetensors(folder / "older.safetensors", missing_slice);
  CHECK_NOTHROW(load_spatial(folder / "older.safetensors"));
  missing_slice.metadata.erase("levels");
  io::save_safetensors(folder / "older.safetensors", missing_slice);
  CHECK_THROWS_WITH(load_spatial(folder / "older.safetensors"), ContainsText("missing slice's level"));
  const int before = threads();
  set_threads(2);
  const SpatialReference known_again =
      spatial_cells(again, metric::pick_rows(view(at), in), std::vector<int>(in.size(), 0), known_genes);
  Rng b(6);
  const PredictionIntervals twin =
      predict(again, tell_places(again, known_again, places, std::vector<int>(out.size(), 0), {}),
              std::vector<int>(out.size(), 0), {.draws = 40}, b);
  set_threads(before);
  CHECK(twin.mean == made.mean);
  CHECK(twin.high80 == made.high80);
  CHECK_THROWS_WITH(tell_places(model, known, places, {0}, {}), ContainsText("1 slices"));
  CHECK_THROWS_WITH(tell_places(model, known, places, std::vector<int>(out.size(), 0), told),
                    ContainsText("takes no panel"));
}

TEST_CASE("spread_kept: as much spread as asked for about the same middle, five times at most, nothing below zero") {
  Matrix<float> mean(4, 3);
  mean << 5, 5, 1, 6, 5, 2, 7, 5, 0, 6, 5, 1;
  const RowVector<float> own = column_spread(mean);
  CHECK(own(0) == Approx(std::sqrt(0.5)));
  CHECK(own(1) == 0);
  const Matrix<float> out = spread_kept(mean, RowVector<float>(2 * own));
  CHECK((out.col(0) - (mean.col(0).array() * 2 - 6).matrix()).cwiseAbs().maxCoeff() < 1e-5f);
  CHECK(out.col(1) == mean.col(1));
  CHECK(out.col(2) == (Matrix<float>(4, 1) << 1, 3, 0, 1).finished());
  CHECK(column_spread(spread_kept(mean, RowVector<float>::Constant(3, 100)))(0) <= 5 * own(0));
  CHECK(spread_kept(mean, RowVector<float>::Zero(3)) == mean);
}

TEST_CASE("spatial's scores: by hand; floors come in their order") {
  const Matrix<float> at = made_points(50, 4);
  Matrix<float> truth(50, 2), half(50, 2);
  for (Index i = 0; i < 50; ++i) {
    truth(i, 0) = at(i, 0);
    truth(i, 1) = 2;  // does not vary: counts nowhere
  }
  half = truth * 0.5f;
  const SpatialScore same = spatial_score("", {truth, {}, {}, {}, {}}, truth, at);
  CHECK(same.pearson == Approx(1));
  CHECK(same.ssim == Approx(1));
  CHECK(same.rmse == Approx(0).margin(1e-9));
  CHECK(same.js == Approx(0).margin(1e-9));
  CHECK(same.moran == Approx(0).margin(1e-9));
  const SpatialScore scaled = spatial_score("", {half, {}, {}, {}, {}}, truth, at);
  CHECK(scaled.pearson == Approx(1));
  CHECK(scaled.js == Approx(0).margin(1e-9));
  CHECK(scaled.ssim < 0.8);
  std::vector<double> p{1, 0}, q{0, 1};
  CHECK(detail::jensen_shannon(p, q) == Approx(1));
  const SpatialReference known{at, std::vector<int>(50, 0), truth};
  Rng rng(1);
  const auto floors = spatial_floors(known, at.topRows(10), std::vector<int>(10, 0), {}, 1, {}, {}, rng);
  REQUIRE(floors.size() == 5);
  CHECK(floors[1].first == "nearest cell");
  CHECK(floors[1].second == truth.topRows(10));
  CHECK(floors[3].first == "kriging");
}
