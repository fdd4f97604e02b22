#include <latentcell/evaluate/reference_cells.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::evaluate;

namespace {

// Two classes of points on either side of 0, and the same once more.
Matrix<float> two_sides(Index n, std::uint64_t seed) {
  Rng rng(seed);
  Matrix<float> out(n, 2);
  for (Index i = 0; i < n; ++i) {
    out(i, 0) = (i % 2 == 0 ? -4.0f : 4.0f) + float(rng.normal());
    out(i, 1) = float(rng.normal());
  }
  return out;
}

ReferenceCells reference(Index n) {
  ReferenceCells out;
  out.points = two_sides(n, 1);
  for (Index i = 0; i < n; ++i) out.codes.push_back(int(i % 2));
  out.bandwidth = 2;
  out.classifier.emplace(view(out.points), out.codes);
  return out;
}

}  // namespace

TEST_CASE("ReferenceCells: other points of the same law score well, points of one class do not") {
  const ReferenceCells cells = reference(120);
  GenerationScores good, bad;
  const Matrix<float> same = two_sides(120, 2);
  Matrix<float> one = same;
  one.col(0) = -one.col(0).cwiseAbs();
  cells.score_points(view(same), good);
  cells.score_points(view(one), bad);
  CHECK(good.w2 < 0.3 * bad.w2);
  CHECK(good.mmd < 0.1 * bad.mmd);
  CHECK(good.coverage > bad.coverage + 0.3);
  CHECK(good.label_accuracy > 0.98);
  CHECK(bad.label_accuracy == Approx(0.5).margin(0.02));
  CHECK(good.types_covered == 1);
  CHECK(bad.types_covered == 0.5);
}

TEST_CASE("ReferenceCells: a class is scored among its own cells") {
  const ReferenceCells cells = reference(120);
  Matrix<float> generated = two_sides(120, 3);
  const Matrix<float> held_out = two_sides(120, 4);
  for (Index i = 0; i < 120; i += 2) generated.row(i) << 100.0f, 0.0f;  // class 0 is lost
  ClassScores lost, kept;
  cells.score_class(0, view(generated), view(held_out), lost);
  cells.score_class(1, view(generated), view(held_out), kept);
  CHECK(lost.held_out == 60);
  CHECK(lost.coverage == 0);
  CHECK(lost.accuracy == 0);
  CHECK(lost.coverage_ceiling > 0.85);
  CHECK(lost.accuracy_ceiling > 0.95);
  CHECK(kept.coverage > 0.85);
  CHECK(kept.accuracy > 0.95);
}

TEST_CASE("ReferenceCells: without a classifier there is no label accuracy; of few cells no coverage") {
  ReferenceCells cells = reference(8);
  cells.classifier.reset();
  GenerationScores scores;
  const Matrix<float> x = two_sides(8, 5);
  cells.score_points(view(x), scores);
  CHECK(std::isnan(scores.label_accuracy));
  CHECK(std::isnan(scores.silhouette));
  CHECK(std::isfinite(scores.w2));
  ClassScores few;
  cells.score_class(0, view(x), view(x), few);  // 4 cells, 5 neighbors
  CHECK(std::isnan(few.coverage));
}
