#include <latentcell/trajectory/predict.hpp>

#include <algorithm>
#include <cmath>
#include <map>

#include "moving_cells.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using moving_cells::constant_velocity;
using moving_cells::two_lines;
using trajectory::advance_in_time;
using trajectory::interpolate_at;
using trajectory::Model;

namespace {

std::vector<double> numbers(const LatentTable& cells, const char* column) {
  return std::get<std::vector<double>>(cells.cell_columns.get(column));
}

}  // namespace

TEST_CASE("advance_in_time: a constant velocity moves each cell by its own span of time, in any units of latents") {
  Model model = constant_velocity(4, 3, -1);
  const std::vector<double> from = {0, 1, 2}, to = {1, 4, 2};
  for (const float scale : {1.0f, 2.0f}) {
    model.velocity.scaler.mean.value << 5, -7;
    model.velocity.scaler.scale.value << scale, 1;
    Matrix<float> z(3, 2);
    z << 0, 0, 10, 20, 1, 1;
    Rng rng(2);
    advance_in_time(model.velocity, z, from, to, 3, rng);
    Matrix<float> expected(3, 2);
    expected << 3 * scale, -1, 10 + 9 * scale, 17, 1, 1;
    CHECK((z - expected).cwiseAbs().maxCoeff() < 1e-4f);
  }
}

TEST_CASE("advance_in_time: noise spreads cells by its deviation over the whole time range, by the root of a part") {
  Model model = constant_velocity(4, 0, 0, 0.5);
  model.velocity.scaler.scale.value << 2, 1;
  for (const double span : {4.0, 1.0}) {
    Matrix<float> z = Matrix<float>::Zero(4000, 2);
    Rng rng(2);
    advance_in_time(model.velocity, z, std::vector<double>(4000, 0.0), std::vector<double>(4000, span), 10, rng);
    const double expected = 0.5 * std::sqrt(span / 4);
    CHECK(std::sqrt(double(z.col(0).squaredNorm()) / 4000) == Approx(2 * expected).epsilon(0.05));
    CHECK(std::sqrt(double(z.col(1).squaredNorm()) / 4000) == Approx(expected).epsilon(0.05));
    CHECK(std::abs(double(z.col(0).dot(z.col(1)))) / 4000 < 0.1 * expected * expected * 2);
  }
}

TEST_CASE("advance_in_time: shapes and steps are checked") {
  const Model model = constant_velocity(1, 0, 0);
  Matrix<float> z = Matrix<float>::Zero(2, 2), wide = Matrix<float>::Zero(2, 3);
  Rng rng(2);
  CHECK_THROWS_WITH(advance_in_time(model.velocity, wide, {0, 0}, {1, 1}, 1, rng), ContainsText("of 2 dimensions"));
  CHECK_THROWS_WITH(advance_in_time(model.velocity, z, {0}, {1, 1}, 1, rng), ContainsText("1 starts and 2 ends"));
  CHECK_THROWS_WITH(advance_in_time(model.velocity, z, {0, 0}, {1, 1}, 0, rng), ContainsText("steps"));
}

TEST_CASE("rollout: each time is reached from the one before") {
  const Model model = constant_velocity(4, 3, 0);
  const Matrix<float> start = Matrix<float>::Zero(2, 2);
  Rng rng(2);
  const auto at = trajectory::rollout(model.velocity, start, {0, 1}, {2, 4}, 3, rng);
  REQUIRE(at.size() == 2);
  CHECK(at[0](0, 0) == Approx(6.0f));
  CHECK(at[0](1, 0) == Approx(3.0f));
  CHECK(at[1](0, 0) == Approx(12.0f));
  CHECK(at[1](1, 0) == Approx(9.0f));
}

TEST_CASE("interpolate_at: cells arrive where the planted velocity takes them, with their source named") {
  const Model model = constant_velocity(2, 3, 0);
  const LatentTable cells = two_lines(60, {0, 2}, 1);
  for (const double t : {0.5, 2.5}) {  // from both sides it would be wrong: this velocity is that of forward alone
    std::vector<Index> rows;
    for (Index i = 0; i < 120; ++i) {
      if (t > 1 || i < 60) rows.push_back(i);
    }
    const LatentTable reference = cells.select_cells(rows);
    Rng rng(4);
    const LatentTable made = interpolate_at(model, reference, {.time = {t, t}, .cells = 200, .steps = 3}, rng);
    REQUIRE(made.cells() == 200);
    CHECK(made.deviation.size() == 0);
    const auto source_time = numbers(made, "source_time"), time = numbers(made, "time");
    const auto& source = std::get<std::vector<std::string>>(made.cell_columns.get("source_cell"));
    for (Index i = 0; i < 200; ++i) {
      CHECK(time[to_size(i)] == t);
      CHECK(made.cell_names[to_size(i)] == text("cell_", i, "_at_", t));
      const Index row =
          std::find(cells.cell_names.begin(), cells.cell_names.end(), source[to_size(i)]) - cells.cell_names.begin();
      CHECK(double(made.mean(i, 0)) ==
            Approx(double(cells.mean(row, 0)) + 3 * (t - source_time[to_size(i)])).margin(1e-3));
      CHECK(double(made.mean(i, 1)) == Approx(double(cells.mean(row, 1))).margin(1e-3));
    }
  }
}

TEST_CASE("interpolate_at: more cells come from the nearer side, each reference cell once before any a second time") {
  const Model model = constant_velocity(2, 0, 0);
  const LatentTable reference = two_lines(60, {0, 2}, 1);
  for (const double t : {0.5, 1.0, 1.5}) {
    Rng rng(4);
    const LatentTable made = interpolate_at(model, reference, {.time = {t, t}, .cells = 2000, .steps = 1}, rng);
    double later = 0;
    for (const double from : numbers(made, "source_time")) later += from == 2 ? 1.0 / 2000 : 0.0;
    CHECK(later == Approx(t / 2).margin(0.04));
  }
  Rng rng(4);
  const LatentTable made = interpolate_at(model, reference, {.time = {1, 1}, .cells = 120, .steps = 1}, rng);
  std::map<std::string, int> times;
  for (const std::string& name : std::get<std::vector<std::string>>(made.cell_columns.get("source_cell")))
    ++times[name];
  for (const auto& [name, count] : times) CHECK(count <= 2);
}

TEST_CASE("interpolate_at: times of a range lie evenly in it, one in each equal part") {
  const Model model = constant_velocity(2, 0, 0);
  const LatentTable reference = two_lines(20, {0, 2}, 1);
  Rng rng(4);
  auto time = numbers(interpolate_at(model, reference, {.time = {0.5, 1.5}, .cells = 100, .steps = 1}, rng), "time");
  CHECK_FALSE(std::is_sorted(time.begin(), time.end()));
  std::sort(time.begin(), time.end());
  for (std::size_t i = 0; i < 100; ++i) {
    CHECK(time[i] >= 0.5 + 0.01 * double(i));
    CHECK(time[i] <= 0.5 + 0.01 * double(i + 1));
  }
}

TEST_CASE("interpolate_at: a range that falls, no cells and a reference without times are refused") {
  const Model model = constant_velocity(2, 0, 0);
  LatentTable reference = two_lines(2, {0, 1}, 1);
  Rng rng(4);
  CHECK_THROWS_WITH(interpolate_at(model, reference, {.time = {2, 1}}, rng), ContainsText("must rise"));
  CHECK_THROWS_WITH(interpolate_at(model, reference, {.time = {1, 1}, .cells = 0}, rng),
                    ContainsText("interpolate_at: cells must be at least 1, got 0"));
  CHECK_THROWS_WITH(interpolate_at(model, reference, {.time = {1, 1}, .steps = 0}, rng),
                    ContainsText("interpolate_at: steps must be at least 1, got 0"));
  reference.cell_columns.set("time", std::vector<double>(4, std::nan("")));
  CHECK_THROWS_WITH(interpolate_at(model, reference, {.time = {1, 1}}, rng),
                    ContainsText("no reference cell has a time"));
}

TEST_CASE(
    "interpolate_at: cells come from the flow and the plans in the shares of the mixture, beyond the ends from one") {
  Model model = constant_velocity(3, 0, 0);  // the flow leaves cells where they are, at 0 or 9
  const LatentTable cells = two_lines(100, {0, 3}, 1);
  const auto between = [&](double at) {
    Rng rng(4);
    const LatentTable out = interpolate_at(model, cells, {.time = {at, at}, .cells = 200}, rng);
    CHECK(out.cell_columns.has("source_cell"));
    Index count = 0;
    for (Index i = 0; i < 200; ++i) count += std::abs(out.mean(i, 0) - 4.5f) < 1.5f;
    return count;
  };
  CHECK(between(1.5) == 0);
  model.mixture.share.value << 0.5, 0, 0.5;
  CHECK(between(1.5) == 100);
  model.mixture.share.value << 0.25, 0.75, 0;
  CHECK(between(1.5) == 150);
  CHECK(between(4) == 0);
}

TEST_CASE("interpolate_at: a range with reference times inside it is predicted by the flow, for each of its times") {
  Model model = constant_velocity(4, 3, 0);
  model.mixture.share.value << 0, 0.5, 0.5;
  Rng rng(4);
  const LatentTable made =
      interpolate_at(model, two_lines(60, {0, 1, 2, 3, 4}, 1), {.time = {0.5, 3.5}, .cells = 300}, rng);
  const auto time = numbers(made, "time"), from = numbers(made, "source_time");
  for (Index i = 0; i < 300; ++i) {
    if (from[to_size(i)] <= time[to_size(i)])  // the planted velocity is that of forward alone
      CHECK(double(made.mean(i, 0)) == Approx(3 * time[to_size(i)]).margin(1.5));
  }
  const LatentTable many = two_lines(60, {0, 1, 2, 3, 4, 5, 6, 7}, 1);
  for (int k = 0; k < 20; ++k)  // wherever the time of the only cell lies
    CHECK(interpolate_at(model, many, {.time = {4, 10}, .cells = 1}, rng).cells() == 1);
}

TEST_CASE("interpolate_at: plans are used from one reference time to the next, and at a time but the first") {
  Model model = constant_velocity(3, 0, 0);  // the flow leaves cells where they are, at 0, 3 or 6
  model.mixture.share.value << 0, 0, 1;
  const LatentTable cells = two_lines(100, {0, 1, 2}, 1);
  const auto moved = [&](double first, double last) {
    Rng rng(4);
    const LatentTable out = interpolate_at(model, cells, {.time = {first, last}, .cells = 100}, rng);
    const auto time = numbers(out, "time");
    Index count = 0;
    for (Index i = 0; i < 100; ++i) count += std::abs(double(out.mean(i, 0)) - 3 * time[to_size(i)]) < 1.2;
    return count;
  };
  CHECK(moved(0, 1) == 100);
  CHECK(moved(1, 2) == 100);
  CHECK(moved(1, 1) == 100);
  CHECK(moved(2, 2) == 100);
  CHECK(moved(0, 2) < 95);
  CHECK(moved(1.2, 2.4) < 95);
  CHECK_NOTHROW(moved(0, 0));
}
