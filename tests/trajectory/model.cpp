#include <latentcell/trajectory/evaluate.hpp>

#include <latentcell/core/threads.hpp>
#include <latentcell/data/simulate_development.hpp>
#include <latentcell/latent/encode.hpp>
#include <latentcell/trajectory/predict.hpp>
#include <latentcell/trajectory/io.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;

namespace {

// Cells that move by (3, 0) in every unit of time, on two lines, 4 apart.
LatentTable marching(Index each, const std::vector<double>& times, std::uint64_t seed) {
  Rng rng(seed);
  LatentTable out;
  out.mean.resize(each * Index(times.size()), 2);
  std::vector<double> time;
  std::vector<std::string> line;
  for (std::size_t k = 0; k < times.size(); ++k) {
    for (Index i = 0; i < each; ++i) {
      const Index row = Index(k) * each + i;
      out.mean(row, 0) = float(3 * times[k] + 0.3 * rng.normal());
      out.mean(row, 1) = float((i % 2 == 0 ? -2 : 2) + 0.3 * rng.normal());
      time.push_back(times[k]);
      line.push_back(i % 2 == 0 ? "lower" : "upper");
      out.library.push_back(100);
      out.cell_names.push_back(text("cell_", row));
    }
  }
  out.cell_columns = Annotation(out.cells());
  out.cell_columns.set("time", time);
  out.cell_columns.set("line", to_categorical(line));
  return out;
}

TrajectoryOptions options(double last, double noise = 0) {
  TrajectoryOptions o;
  o.field = {.latent = 2, .width = 48, .depth = 2, .condition = 2};
  o.last = last;
  o.noise = noise;
  o.paths.window = 60;
  o.paths.pairs = 4000;
  return o;
}

const FitOptions quick{.epochs = 60, .batch = 128, .learning_rate = 3e-3f, .ema = 0.99f};

}  // namespace

TEST_CASE("OtPaths: growth bends the clock as momentum asks, and place and motion agree") {
  OtPaths p;
  p.knots = 3;
  p.points.resize(3, 1);
  p.points << 0, 1, 2;
  p.from = {0};
  p.to = {1};
  for (const double growth : {1.0, 4.0, 0.25}) {
    p.growth = {growth};
    float place = 0, motion = 0, above = 0, below = 0, unused = 0;
    for (const double s : {0.2, 0.5, 0.8}) {
      p.at(0, s, &place, &motion);
      p.at(0, s + 1e-3, &above, &unused);
      p.at(0, s - 1e-3, &below, &unused);
      CHECK(double(motion) == Approx(double(above - below) / 2e-3).epsilon(0.01));
      // mass times motion is one number all the way
      const double root = 1 + (std::sqrt(growth) - 1) * s;
      CHECK(double(motion) * root * root == Approx(2 * std::sqrt(growth)).epsilon(1e-4));
    }
    p.at(0, 1, &place, &motion);
    CHECK(double(place) == Approx(2));
    p.at(0, 0, &place, &motion);
    CHECK(place == 0);
  }
}

TEST_CASE("time_paths: pairs across each step of time, along lines, within the window") {
  const LatentTable cells = marching(40, {0, 1, 2}, 1);
  Rng rng(2);
  const auto time = read_times(cells.cell_columns, "time");
  for (const bool manifold : {false, true}) {
    const OtPaths p =
        time_paths(view(cells.mean), time, {.window = 40, .manifold = manifold, .growth = true, .pairs = 400}, rng);
    CHECK(p.size() >= 400);
    Index crossed = 0;
    for (Index k = 0; k < p.size(); ++k) {
      CHECK(p.to[to_size(k)] == p.from[to_size(k)] + 1);
      CHECK(p.growth[to_size(k)] == 1);
      crossed += p.points(k * p.knots, 1) * p.points(k * p.knots + p.knots - 1, 1) < 0;
    }
    CHECK(crossed < p.size() / 20);
  }
  // Twice as many cells later: the numbers tell the growth where they are believed.
  std::vector<Index> rows;
  for (Index i = 0; i < 80; ++i) {
    if (i >= 40 || i % 4 < 2) rows.push_back(i);
  }
  const LatentTable doubling = cells.select_cells(rows);
  const auto twice = read_times(doubling.cell_columns, "time");
  for (const bool growth : {false, true}) {
    const OtPaths p = time_paths(view(doubling.mean), twice, {.window = 40, .growth = growth, .pairs = 100}, rng);
    CHECK(p.growth.front() == Approx(growth ? 2 : 1));
  }
  // The upper line dies out: with equal numbers of descendants its cells must cross to the lower one, else few do.
  std::vector<Index> dying;
  for (Index i = 0; i < 80; ++i) {
    if (i < 40 || i % 2 == 0) dying.push_back(i);
  }
  const LatentTable one_line = cells.select_cells(dying);
  const auto when = read_times(one_line.cell_columns, "time");
  const auto crossing = [&](double relax) {
    const OtPaths p = time_paths(view(one_line.mean), when, {.window = 40, .relax = relax, .pairs = 400}, rng);
    double crossed = 0;
    for (Index k = 0; k < p.size(); ++k)
      crossed += p.points(k * p.knots, 1) * p.points(k * p.knots + p.knots - 1, 1) < 0;
    return crossed / double(p.size());
  };
  CHECK(crossing(0) == Approx(0.5).margin(0.1));
  CHECK(crossing(0.05) < 0.25);
  CHECK_THROWS_WITH(time_paths(view(cells.mean), std::vector<double>(120, 1.0), {}, rng), ContainsText("two times"));
  CHECK_THROWS_WITH(time_paths(view(cells.mean), {1.0}, {}, rng), ContainsText("1 times for 120 cells"));
}

TEST_CASE("trajectory: a time that was never seen, between, before and beyond; ways and fates") {
  const LatentTable cells = marching(120, {0, 1, 3}, 1);
  Rng rng(3);
  Trajectory model(options(3), rng);
  fit(model, cells, quick);
  const auto check_at = [&](double from, double to, double x) {
    Rng own(4);
    const LatentTable made = at_time(model, cells, {.from = from, .to = to, .cells = 200}, own);
    CHECK(made.cells() == 200);
    CHECK(double(made.mean.col(0).mean()) == Approx(x).margin(0.35));
    Index upper = 0, stray = 0;
    for (Index i = 0; i < 200; ++i) {
      upper += made.mean(i, 1) > 0;
      stray += std::abs(std::abs(made.mean(i, 1)) - 2) > 1.2f;  // soft pairs: a few cells change lines
    }
    CHECK(std::abs(upper - 100) < 40);
    CHECK(stray < 12);
    const auto times = read_times(made.cell_columns, "time");
    for (const double t : times) CHECK((t >= from && t <= to));
    CHECK(made.cell_columns.has("source_cell"));
    return made;
  };
  check_at(2, 2, 6);
  check_at(1.5, 2.5, 6);
  check_at(3.3, 3.3, 9.9);

  std::vector<Index> starts;
  for (Index i = 0; i < 40; ++i) starts.push_back(i);
  const LatentTable start = cells.select_cells(starts);
  const auto ways = rollout(model, start.mean, read_times(start.cell_columns, "time"), {1, 2, 3}, 10, rng);
  REQUIRE(ways.size() == 3);
  CHECK(double(ways[2].col(0).mean()) == Approx(9).margin(0.4));
  const Matrix<double> fate = fates(model, start, cells, "line", {}, rng);
  const Categorical line = start.cell_columns.labels("line");
  for (Index i = 0; i < 40; ++i) {
    CHECK(fate.row(i).sum() == Approx(1));
    CHECK(fate(i, line.codes[to_size(i)]) > 0.9);
  }
  // Told earlier: by the labels of that time. Here the lines' names are exchanged after it.
  LatentTable renamed = cells;
  std::vector<std::string> names;
  const auto time = read_times(cells.cell_columns, "time");
  const Categorical all = cells.cell_columns.labels("line");
  for (Index i = 0; i < cells.cells(); ++i) {
    const int code = all.codes[to_size(i)];
    names.push_back(all.levels[to_size(time[to_size(i)] > 1 ? 1 - code : code)]);
  }
  renamed.cell_columns.set("line", Categorical{all.levels, recode(to_categorical(names), all.levels)});
  model.options.paths.window = 120;
  const Matrix<double> late = fates(model, start, renamed, "line", {}, rng),
                       early = fates(model, start, renamed, "line", {.at = 0.5}, rng);
  double right_late = 0, right_early = 0;
  for (Index i = 0; i < 40; ++i) {
    right_late += late(i, line.codes[to_size(i)]) / 40;
    right_early += early(i, line.codes[to_size(i)]) / 40;
  }
  CHECK(right_late < 0.1);
  CHECK(right_early > 0.9);
  CHECK_THROWS_WITH(at_time(model, cells, {.from = 2, .to = 1}, rng), ContainsText("must rise"));
  CHECK_THROWS_WITH(fates(model, start, cells, "none", {}, rng), ContainsText("no column"));
}

TEST_CASE("trajectory: with noise, cells diffuse as told and arrive where the snapshots are") {
  const LatentTable cells = marching(120, {0, 1, 2}, 1);
  Rng rng(3);
  Trajectory model(options(2, 0.3), rng);
  fit(model, cells, quick);
  std::vector<Index> starts(300, 0);  // one cell, many ways
  const LatentTable start = cells.select_cells(starts);
  Matrix<float> z = start.mean;
  advance_in_time(model, z, std::vector<double>(300, 0.0), std::vector<double>(300, 1.0), 50, rng);
  CHECK(double(z.col(0).mean()) == Approx(3).margin(0.5));
  const auto spread = [&](Index k) { return std::sqrt(double((z.col(k).array() - z.col(k).mean()).square().mean())); };
  CHECK(spread(1) > 0.1);
  CHECK(spread(1) < 1.5);
  z = cells.select_cells(std::vector<Index>(300, 240)).mean;
  advance_in_time(model, z, std::vector<double>(300, 2.0), std::vector<double>(300, 1.0), 50, rng);
  CHECK(double(z.col(0).mean()) == Approx(3).margin(0.5));
}

TEST_CASE("trajectory: saved, loaded and in another number of threads, the same cells to the bit") {
  Rng simulated(8);
  const CellTable cells = simulate_development({.cells = 60, .snapshots = 3, .genes = 50}, simulated);
  Rng rng(3);
  TrajectoryModel model{Trajectory(options(2), rng), {}};
  model.cells.emplace(PcaAutoencoderOptions{.genes = 50, .hidden = {16}, .latent = 2}, rng);
  fit(*model.cells, cells, {.epochs = 2, .batch = 60});
  const LatentTable z = encode(*model.cells, cells);
  fit(model.motion, z, {.epochs = 2, .batch = 128});
  const fixtures::TemporaryFolder folder;
  save(folder / "model.safetensors", model);
  const TrajectoryModel again = load_trajectory(folder / "model.safetensors");
  REQUIRE(again.cells);
  CHECK(again.cells->gene_names == cells.gene_names);
  const LatentTable z_again = encode(*again.cells, cells);
  CHECK(z_again.mean == z.mean);
  const int before = threads();
  set_threads(1);
  Rng a(5), b(5);
  const LatentTable one = at_time(model.motion, z, {.from = 0.5, .to = 0.5, .cells = 50}, a);
  set_threads(2);
  const LatentTable two = at_time(again.motion, z_again, {.from = 0.5, .to = 0.5, .cells = 50}, b);
  set_threads(before);
  CHECK(one.mean == two.mean);
  save(folder / "bare.safetensors", {model.motion, {}});
  CHECK_FALSE(load_trajectory(folder / "bare.safetensors").cells);
  CHECK_THROWS_WITH(load_trajectory(folder / "none.safetensors"), ContainsText("none.safetensors"));
}

TEST_CASE("TrajectoryEvaluator: the truth is worth nothing, floors come from the known cells") {
  const LatentTable known = marching(60, {0, 2}, 1), truth = marching(60, {1}, 2), other = marching(60, {1}, 3);
  TrajectoryEvaluator judge(known, read_times(known.cell_columns, "time"), truth.mean, 1, 1, Rng(1));
  CHECK(judge.score("truth", view(truth.mean)).w1 == Approx(0).margin(1e-6));
  const TrajectoryScore fresh = judge.score("fresh", view(other.mean));
  const auto floors = judge.floors();
  REQUIRE(floors.size() == 5);
  CHECK(floors[0].who == "previous times");
  CHECK(floors[0].w1 == Approx(3).margin(0.2));
  CHECK(floors[1].w1 == Approx(3).margin(0.2));
  CHECK(floors[3].w1 < 0.5);  // the middle of straight ways is right here
  CHECK(fresh.w1 < 0.4);
  CHECK(fresh.w1 <= fresh.w2);
  CHECK(judge.split_half_ceiling().w1 < 0.6);
}
