#include <latentcell/core/tensor.hpp>
#include <latentcell/core/threads.hpp>
#include <latentcell/flow/rectified_flow.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

Matrix<double> normal(Index rows, Index cols, std::uint64_t seed) {
  Matrix<double> out(rows, cols);
  Rng rng(seed);
  for (Index i = 0; i < out.size(); ++i) out.data()[i] = rng.normal();
  return out;
}

struct Point {
  Matrix<double> z, target;
};

Point at(const std::vector<double>& t, const Matrix<double>& noise, const Matrix<double>& data) {
  Point out{Matrix<double>(data.rows(), data.cols()), Matrix<double>(data.rows(), data.cols())};
  RectifiedFlow{}.interpolate(std::span<const double>(t), view(noise), view(data), view(out.z), view(out.target));
  return out;
}

}  // namespace

TEST_CASE("RectifiedFlow: noise at t = 0 and data at t = 1, exactly, also in float") {
  const Matrix<float> noise = (1e6 * normal(2, 5, 1)).cast<float>(), data = normal(2, 5, 2).cast<float>();
  const std::vector<float> t{0, 1};
  Matrix<float> z(2, 5), target(2, 5);
  RectifiedFlow{}.interpolate(std::span<const float>(t), view(noise), view(data), view(z), view(target));
  CHECK(z.row(0) == noise.row(0));
  CHECK(z.row(1) == data.row(1));
}

TEST_CASE("RectifiedFlow: the target is the derivative of the path in time") {
  const Matrix<double> noise = normal(3, 4, 3), data = normal(3, 4, 4);
  const Point before = at({0.1, 0.5, 0.8}, noise, data), after = at({0.11, 0.51, 0.81}, noise, data);
  CHECK(((after.z - before.z) / 0.01 - before.target).cwiseAbs().maxCoeff() < 1e-12);
}

TEST_CASE("RectifiedFlow: following the target from z_t leads to the data, and back to the noise") {
  const Matrix<double> noise = normal(3, 4, 5), data = normal(3, 4, 6);
  const std::vector<double> t{0.2, 0.5, 0.9};
  const Point p = at(t, noise, data);
  for (Index b = 0; b < 3; ++b) {
    CHECK((p.z.row(b) + (1 - t[to_size(b)]) * p.target.row(b) - data.row(b)).cwiseAbs().maxCoeff() < 1e-14);
    CHECK((p.z.row(b) - t[to_size(b)] * p.target.row(b) - noise.row(b)).cwiseAbs().maxCoeff() < 1e-14);
  }
}

TEST_CASE("RectifiedFlow: draws times as its options say") {
  const RectifiedFlow flow{.time = {.sampling = TimeSampling::logit_normal, .mean = 3, .scale = 0.1}};
  std::vector<float> t(100), same(100);
  Rng a(7), b(7);
  flow.draw_times(a, std::span<float>(t));
  draw_times(flow.time, b, std::span<float>(same));
  CHECK(t == same);
  CHECK(*std::min_element(t.begin(), t.end()) > 0.9f);
}

TEST_CASE("RectifiedFlow: 1 and 4 threads give the same numbers") {
  const Matrix<double> noise = normal(400, 300, 8), data = normal(400, 300, 9);
  std::vector<double> t(400);
  Rng rng(10);
  RectifiedFlow{}.draw_times(rng, std::span<double>(t));
  const int before = threads();
  set_threads(1);
  const Point one = at(t, noise, data);
  set_threads(4);
  const Point four = at(t, noise, data);
  set_threads(before);
  CHECK(one.z == four.z);
  CHECK(one.target == four.target);
}

TEST_CASE("RectifiedFlow: shapes that disagree are named") {
  const Matrix<double> noise = normal(3, 4, 1), data = normal(3, 5, 2);
  REQUIRE_THROWS_WITH(at({0, 0, 0}, noise, data), ContainsText("noise (3, 4) but data (3, 5)"));
  REQUIRE_THROWS_WITH(at({0, 0}, data, data), ContainsText("2 times for 3 cells"));
}
