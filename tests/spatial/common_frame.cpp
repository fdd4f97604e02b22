#include <latentcell/spatial/common_frame.hpp>

#include <numbers>

#include "spatial/planted_tissue.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using spatial::AlignedBy;
using spatial::Dataset;
using spatial::RigidMotion;

namespace {

double apart(double a, double b) { return std::abs(std::remainder(a - b, 2 * std::numbers::pi)); }

// Three sections of one bent tissue, the second and the third turned; all of the second is asked for.
struct Sections {
  Dataset data;
  Matrix<float> before_query, before_last;  // where the cells of the second and the third lay before they were turned
  conformal::ModalityEncoder target{conformal::ModalityEncoderOptions{"expression", {"a", "b"}}};
};

Sections three_sections(double second, double third) {
  Sections out;
  const Index n = 150;
  const Matrix<float> first = planted::bent_points(n, 1);
  out.before_query = planted::bent_points(n, 2);
  out.before_last = planted::bent_points(n, 3);
  Dataset& d = out.data;
  d.slices = 3;
  d.reference.coordinates.resize(2 * n, 2);
  d.reference.coordinates << first, RigidMotion{third, {5, 9}, 0}(out.before_last);
  d.query.coordinates = RigidMotion{second, {-20, 3}, 0}(out.before_query);
  d.reference.slice.assign(to_size(n), 0);
  d.reference.slice.insert(d.reference.slice.end(), to_size(n), 2);
  d.query.slice.assign(to_size(n), 1);
  Matrix<float> expression(2 * n, 2);
  for (Index i = 0; i < 2 * n; ++i) {
    const float x = i < n ? first(i, 0) : out.before_last(i - n, 0);
    expression.row(i) << std::round(3 * x), std::round(63 - 3 * x);
  }
  d.target = dense_modality("expression", expression, {"a", "b"});
  Rng rng(1);
  out.target.fit(d.target, rng);
  return out;
}

}  // namespace

TEST_CASE("to_common_frame: turned sections lie on each other again, in units of the neighbour distance") {
  Sections s = three_sections(2.4, -0.9);
  const double unit = spatial::mean_neighbor_distance(s.data.reference, 3);
  spatial::to_common_frame(s.data, s.target);
  CHECK(spatial::mean_neighbor_distance(s.data.reference, 3) == Approx(1).epsilon(1e-3));
  const Matrix<float> last = s.data.reference.coordinates.bottomRows(150) * float(unit);
  CHECK((last - s.before_last).cwiseAbs().mean() < 0.6f);
  CHECK((s.data.query.coordinates * float(unit) - s.before_query).cwiseAbs().mean() < 0.6f);
  REQUIRE(s.data.alignments.size() == 2);
  CHECK(s.data.alignments[0].slice == 2);
  CHECK(s.data.alignments[0].onto == 0);
  CHECK(s.data.alignments[0].by == AlignedBy::expression);
  CHECK(apart(s.data.alignments[0].motion.angle, 0.9) < 0.15);
  CHECK(s.data.alignments[1].slice == 1);
  CHECK(s.data.alignments[1].by == AlignedBy::outline);
  CHECK(apart(s.data.alignments[1].motion.angle, -2.4) < 0.15);
  CHECK(s.data.alignments[1].ambiguous.empty());
  // Once is enough.
  const Matrix<float> moved = s.data.query.coordinates;
  spatial::to_common_frame(s.data, s.target);
  CHECK(s.data.query.coordinates == moved);
}

TEST_CASE("to_common_frame: a rough turn is taken for slices without reference cells; one slice is scaled alone") {
  Sections s = three_sections(0.1, 0.2), one = s;
  spatial::to_common_frame(s.data, s.target, {.angle = 3.0});
  CHECK(apart(s.data.alignments[1].motion.angle, 3.0) < 0.5);
  one.data.slices = 1;
  for (int& k : one.data.reference.slice) k = 0;
  for (int& k : one.data.query.slice) k = 0;
  const Matrix<float> before = one.data.query.coordinates;
  spatial::to_common_frame(one.data, one.target, {.unit = 4});
  CHECK(one.data.alignments.empty());
  CHECK_THROWS_WITH(spatial::to_common_frame(s.data, s.target, {.unit = -1}),
                    ContainsText("to_common_frame: unit must be at least 0, got -1"));
  CHECK_THROWS_WITH(spatial::to_common_frame(s.data, s.target, {.angle = std::nan("")}),
                    ContainsText("to_common_frame: angle must be a finite number, got nan"));
  CHECK((one.data.query.coordinates * 4 - before).cwiseAbs().maxCoeff() < 1e-4f);
}
