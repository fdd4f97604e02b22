#include <latentcell/latent/flow_likelihood.hpp>
#include <latentcell/latent/reflow.hpp>

#include "support/mixture.hpp"
#include "support/catch.hpp"

using namespace latent_tests;

namespace {

const auto& teacher() {
  static const auto flow = trained(RectifiedFlow{});
  return flow;
}

TeacherPaths paths(Index segments, Index pairs) {
  Rng rng(8);
  return teacher_paths(teacher(), mixture(500, 6).cell_columns,
                       {.pairs = pairs, .segments = segments, .how = {.steps = 24}}, rng);
}

double off(const std::remove_cvref_t<decltype(teacher())>& flow, Index steps) {
  const Distances d = distances(flow, {.steps = steps, .method = Method::euler});
  return d.model - d.floor;
}

}  // namespace

TEST_CASE("reflow: paths become straighter and few steps suffice") {
  const int before = threads();
  set_threads(1);
  auto student = teacher();
  fit_paths(student, paths(1, 4000), TeacherTimes::all,
            {.epochs = 25, .batch = 128, .learning_rate = 2e-3f, .ema = 0.98f});
  Rng rng(9);
  const TeacherOptions look{.pairs = 400, .segments = 8, .how = {.steps = 24}};
  const double bent = straightness(teacher_paths(teacher(), mixture(500, 6).cell_columns, look, rng));
  const double straight = straightness(teacher_paths(student, mixture(500, 6).cell_columns, look, rng));
  INFO("bend " << bent << " to " << straight << ", two steps off " << off(teacher(), 2) << " to " << off(student, 2));
  CHECK(straight < 0.5 * bent);
  CHECK(off(student, 2) < 0.5 * off(teacher(), 2));
  set_threads(before);
}

TEST_CASE("reflow: distilled to two steps, two steps do what many did") {
  const int before = threads();
  set_threads(1);
  auto student = teacher();
  fit_paths(student, paths(2, 4000), TeacherTimes::only_starts,
            {.epochs = 25, .batch = 128, .learning_rate = 2e-3f, .ema = 0.98f});
  INFO("two steps off " << off(teacher(), 2) << " to " << off(student, 2) << ", many " << off(teacher(), 50));
  CHECK(off(student, 2) < 0.03);
  CHECK(off(teacher(), 2) > 0.1);
  set_threads(before);
}

TEST_CASE("reflow: paths that are held out for validation stop a training that no longer helps") {
  auto student = teacher();
  const History h = fit_paths(student, paths(1, 200), TeacherTimes::all,
                              {.epochs = 6, .batch = 50, .learning_rate = 0.5f, .validation = 0.25, .patience = 1});
  REQUIRE(!h.epochs.empty());
  CHECK(h.stopped_early);
  CHECK(h.epochs.size() < 6);
}

TEST_CASE("reflow: what does not fit is named") {
  Rng rng(1);
  REQUIRE_THROWS_WITH(teacher_paths(teacher(), Annotation(0), {}, rng), ContainsText("there are no cells in obs"));
  REQUIRE_THROWS_WITH(teacher_paths(teacher(), Annotation(1), {.pairs = 0}, rng),
                      ContainsText("teacher_paths: pairs must be at least 1, got 0"));
  REQUIRE_THROWS_WITH(teacher_paths(teacher(), Annotation(1), {.segments = -1}, rng),
                      ContainsText("teacher_paths: segments must be at least 1, got -1"));
  REQUIRE_THROWS_WITH(teacher_paths(teacher(), Annotation(1), {.how = {.batch = 0}}, rng),
                      ContainsText("teacher_paths: how.batch must be at least 1, got 0"));
  REQUIRE_THROWS_WITH(straightness(paths(1, 10)), ContainsText("needs paths of several segments"));
}

TEST_CASE("flow_log_likelihood: comes near to the known density of a mixture") {
  const LatentTable fresh = mixture(300, 12);
  Rng rng(4);
  const std::vector<double> found = flow_log_likelihood(teacher(), fresh.mean, fresh.cell_columns, {.steps = 40}, rng);
  const std::vector<int> code = fresh.cell_columns.labels("type").codes;
  double model = 0, truth = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    model += found[i] / 300;
    truth += mixture_log_prob(double(fresh.mean(Index(i), 0)), double(fresh.mean(Index(i), 1)), code[i]) / 300;
  }
  INFO("model " << model << ", truth " << truth);
  CHECK(model < truth + 0.05);  // no model is better than the truth, but for the luck of 300 points
  CHECK(model > truth - 0.35);
  CHECK(bits_per_gene({-10, -20}, 100) == Approx(15.0 / 100 / std::log(2.0)));
}
