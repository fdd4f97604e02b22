#include <latentcell/backbone/dit.hpp>
#include <latentcell/condition/categorical_covariate.hpp>
#include <latentcell/condition/gene_set.hpp>
#include <latentcell/condition/continuous_covariate.hpp>
#include <latentcell/core/threads.hpp>
#include <latentcell/latent/fit_flow.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

const std::vector<std::string> types{"a", "b"}, states{"off", "on"};

auto made(Combine join, Rng& rng) {
  return conditions(join, from_obs("type", types, CategoricalCovariate<float>(2, 12, rng)),
                    from_obs(ObsNumbers{{"dose"}}, ContinuousCovariate<float>({.columns = 1, .width = 12}, rng)),
                    from_obs(ObsGenes{"perturbation", {"STAT1", "IRF1", "JUN"}}, GeneSet<float>(3, 4, 12, rng)));
}

Annotation some_obs() {
  Annotation obs(3);
  obs.set("type", Categorical{{"b", "x"}, {0, 1, -1}});
  obs.set("dose", std::vector<double>{0.5, 2, 1});
  obs.set("perturbation", std::vector<std::string>{"control", "JUN+STAT1", ""});
  return obs;
}

// Two attributes that move the cloud independently: the type along x, the state along y.
LatentTable grid(Index n) {
  Rng rng(3);
  LatentTable out;
  std::vector<int> type, state;
  std::vector<float> points;
  for (Index i = 0; i < n; ++i) {
    const int a = int(rng.below(2)), s = int(rng.below(2));
    type.push_back(a);
    state.push_back(s);
    points.push_back(float(4 * a + 0.4 * rng.normal()));
    points.push_back(float(4 * s + 0.4 * rng.normal()));
    out.library.push_back(1000);
    out.cell_names.push_back(text(i));
  }
  out.mean = ConstView<float>(points.data(), Index(type.size()), 2);
  out.cell_columns = Annotation(Index(type.size()));
  out.cell_columns.set("type", Categorical{types, type});
  out.cell_columns.set("state", Categorical{states, state});
  return out;
}

auto trained(const LatentTable& table, Combine join) {
  const int before = threads();
  set_threads(1);
  Rng rng(5);
  const Index width = 16;
  const DitOptions tiny{.latent = 2,
                        .tokens = 2,
                        .width = 32,
                        .depth = 2,
                        .heads = 2,
                        .mlp_ratio = 2,
                        .condition = join == Combine::sum ? width : 2 * width};
  Dit<float> dit(tiny, rng);
  LatentFlow flow(RectifiedFlow{}, std::move(dit),
                  conditions(join, from_obs("type", types, CategoricalCovariate<float>(2, width, rng)),
                             from_obs("state", states, CategoricalCovariate<float>(2, width, rng))));
  fit(flow, table, {.epochs = 60, .batch = 128, .learning_rate = 4e-3f, .ema = 0.98f});
  set_threads(before);
  return flow;
}

}  // namespace

TEST_CASE("conditions: obs to numbers, unknown where nothing is known, and back") {
  Rng rng(1);
  const auto c = made(Combine::sum, rng);
  CHECK(c.columns() == 5);
  CHECK(c.width() == 12);
  const Matrix<float> cells = read_conditions(c, some_obs());
  CHECK(cells(0, 0) == 1);  // "b" is the second level that was trained on
  CHECK(std::isnan(cells(1, 0)));
  CHECK(std::isnan(cells(2, 0)));
  CHECK(cells(1, 1) == 2);
  CHECK(cells.row(0).tail(3) == RowVector<float>::Zero(3));
  CHECK(cells(1, 2) == 1);
  CHECK(cells(1, 3) == 0);
  CHECK(cells(1, 4) == 1);
  CHECK(std::isnan(cells(2, 2)));

  Annotation back(3);
  write_conditions(c, cells, back);
  const Matrix<float> again = read_conditions(c, back);
  for (Index i = 0; i < cells.size(); ++i) {
    CHECK((again.data()[i] == cells.data()[i] || (std::isnan(again.data()[i]) && std::isnan(cells.data()[i]))));
  }
  CHECK(back.labels("perturbation").levels == std::vector<std::string>{"control", "STAT1+JUN"});
  CHECK(std::isnan(read_conditions(c, Annotation(1))(0, 1)));
}

TEST_CASE("conditions: as a user writes them") {
  Rng rng(1);
  const auto c = made(Combine::concatenate, rng);
  CHECK(c.width() == 36);
  const Matrix<float> one = parse_conditions(c, {{"dose", "1.5"}, {"perturbation", "IRF1"}});
  CHECK(std::isnan(one(0, 0)));
  CHECK(one(0, 1) == 1.5f);
  CHECK(one(0, 3) == 1);
  const auto parse = [&](const char* name, const char* value) { return parse_conditions(c, {{name, value}}); };
  REQUIRE_THROWS_WITH(parse("dose", "much"), ContainsText("'much' is not 1 number for 'dose'"));
  REQUIRE_THROWS_WITH(parse("dose", "1,2"), ContainsText("holds more than 1 numbers"));
  REQUIRE_THROWS_WITH(parse("perturbation", "IRF1+FOS"), ContainsText("names 'FOS', which is neither 'control'"));
  REQUIRE_THROWS_WITH(parse("age", "3"), ContainsText("no condition 'age', only 'type', 'dose', 'perturbation'"));
  REQUIRE_THROWS_WITH(conditions(Combine::sum, from_obs("type", types, CategoricalCovariate<float>(2, 8, rng)),
                                 from_obs("state", states, CategoricalCovariate<float>(2, 9, rng))),
                      ContainsText("choose Combine::concatenate"));
  Annotation wrong(1);
  wrong.set("dose", std::vector<std::string>{"x"});
  REQUIRE_THROWS_WITH(read_conditions(c, wrong), ContainsText("column 'dose' holds labels, not numbers"));
}

TEST_CASE("conditions: two attributes of one obs column are refused") {
  Rng rng(1);
  REQUIRE_THROWS_WITH(conditions(Combine::sum, from_obs("type", types, CategoricalCovariate<float>(2, 8, rng)),
                                 from_obs("type", states, CategoricalCovariate<float>(2, 8, rng))),
                      ContainsText("two attributes read obs column 'type'"));
  REQUIRE_THROWS_WITH(
      conditions(Combine::sum,
                 from_obs(ObsNumbers{{"x", "dose"}}, ContinuousCovariate<float>({.columns = 2, .width = 8}, rng)),
                 from_obs(ObsNumbers{{"dose"}}, ContinuousCovariate<float>({.columns = 1, .width = 8}, rng))),
      ContainsText("two attributes read obs column 'dose'"));
}

TEST_CASE("conditions: numbers are conditioned as numbers, labels of a chosen attribute give the codes") {
  Rng rng(1);
  const auto c = made(Combine::sum, rng);
  CHECK(parse_conditions(c, ConditionValues{{"dose", 1.5}})(0, 1) == 1.5f);
  const auto two = conditions(Combine::sum, from_obs("type", types, CategoricalCovariate<float>(2, 8, rng)),
                              from_obs("state", states, CategoricalCovariate<float>(2, 8, rng)));
  CHECK(label_levels(two) == types);
  CHECK(label_levels(two, "state") == states);
  Matrix<float> cells(1, 2);
  cells << unknown, 1;
  CHECK(label_codes(two, view(cells)) == std::vector<int>{-1});
  CHECK(label_codes(two, view(cells), "state") == std::vector<int>{1});
  REQUIRE_THROWS_WITH(label_levels(two, "age"), ContainsText("there is no label attribute 'age'"));
}

TEST_CASE("conditions: two attributes steer two directions, alone, together, and in a pair never seen") {
  for (Combine join : {Combine::sum, Combine::concatenate}) {
    INFO("join " << int(join));
    const auto flow = trained(grid(2000), join);
    Rng rng(1);
    const auto centre = [&](const SampleOptions& o) {
      return RowVector<float>(flow.generate(o, rng).mean.colwise().mean());
    };
    for (int a : {0, 1}) {
      for (int s : {0, 1}) {
        const RowVector<float> at = centre(
            {.count = 200, .condition = {{"type", types[to_size(a)]}, {"state", states[to_size(s)]}}, .steps = 12});
        CHECK(at(0) == Approx(4 * a).margin(0.5));
        CHECK(at(1) == Approx(4 * s).margin(0.5));
      }
    }
    // One attribute unknown: the other one's mean over both.
    const RowVector<float> half = centre({.count = 400, .condition = {{"type", "b"}}, .steps = 12});
    CHECK(half(0) == Approx(4).margin(0.6));
    CHECK(half(1) == Approx(2).margin(0.8));
  }
}

TEST_CASE("conditions: pulls of single attributes add up to the pair") {
  const auto flow = trained(grid(2000), Combine::sum);
  Rng rng(2);
  SampleOptions each{.count = 300, .condition = {{"type", "b"}, {"state", "on"}}, .steps = 12};
  each.guidance_each = {{"type", 1.0f}, {"state", 1.0f}};
  const RowVector<float> at = flow.generate(each, rng).mean.colwise().mean();
  CHECK(at(0) == Approx(4).margin(0.7));
  CHECK(at(1) == Approx(4).margin(0.7));
  each.guidance_each = {{"type", 1.0f}};
  CHECK(flow.generate(each, rng).mean.col(1).mean() == Approx(2).margin(0.8));  // nothing pulls the state
  each.guidance_each = {{"colour", 1.0f}};
  REQUIRE_THROWS_WITH(flow.generate(each, rng), ContainsText("names 'colour', which is no condition"));
}
