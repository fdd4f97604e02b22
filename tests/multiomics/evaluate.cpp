#include <latentcell/multiomics/evaluate.hpp>

#include "multiomics/fixtures.hpp"
#include "support/catch.hpp"

using namespace multiomics_fixtures;

TEST_CASE("evaluate: correlation, error and coverage by hand; cells not measured do not count") {
  Matrix<float> x(5, 1), y(5, 1);
  x << 0, 1, 2, 3, 4;
  y << 1, 3, 5, 7, 900;
  conformal::PredictionIntervals p{x};
  p.low50 = p.low80 = x.array() - 0.5f;
  p.high50 = x.array() + 1.5f;
  p.high80 = x.array() + 10.0f;
  const evaluate::ScoreTable s =
      multiomics::evaluate({{"me", {}, p}, {"none", evaluate::Role::baseline, {x}}}, y, {1, 1, 1, 1, 0});
  CHECK(s.value("me", "mean_r") == Approx(1));
  CHECK(s.value("me", "mse") == Approx((1.0 + 4 + 9 + 16) / 20));
  CHECK(s.value("me", "cover50") == Approx(0.25));
  CHECK(s.value("me", "cover80") == Approx(1));
  CHECK(std::isnan(s.value("none", "cover80")));
  CHECK(s.rows()[1].role == evaluate::Role::baseline);
  p.low80 = x.array() + 2.5f;  // the lower end alone: 1 and 3 are below it
  CHECK(multiomics::evaluate({{"me", {}, p}}, y, {1, 1, 1, 1, 0}).value("me", "cover80") == Approx(0.5));
}

TEST_CASE("correlations: a truth that does not vary counts nowhere, a flat prediction counts as 0") {
  Matrix<float> x(4, 3), y(4, 3);
  x << 1, 1, 5, 2, 2, 5, 3, 3, 5, 4, 4, 5;
  y << 4, 7, 1, 3, 7, 2, 2, 7, 3, 1, 7, 4;
  const std::vector<double> r = correlations(x, y, {1, 1, 1, 1});
  CHECK(r[0] == Approx(-1));
  CHECK(std::isnan(r[1]));
  CHECK(r[2] == 0);
  CHECK(mean_correlation(r) == Approx(-0.5));
  CHECK_THROWS_WITH(correlations(x, y, {1}), ContainsText("1 marks"));
  CHECK_THROWS_WITH(correlations(x, y, {1, 1, 0, 0}), ContainsText("only 2 cells"));
}

TEST_CASE("baselines: ridge from RNA recovers a line, each source alone is there, all are baselines") {
  const Dataset d = dataset(150);
  const CellModalities train = select_modalities(d, range(0, 100), d.cells.gene_names),
                       test = select_modalities(d, range(100, 150), d.cells.gene_names);
  const Model model = make_model(small_options(), train.protein, train.sources(), 1);
  const std::vector<Prediction> all = baselines(model, train, test);
  std::vector<std::string> names;
  const Matrix<float> truth = model.target.log_normalized(test.protein);
  for (const Prediction& p : all) {
    names.push_back(p.method);
    CHECK(p.role == evaluate::Role::baseline);
    CHECK(p.values.mean.rows() == 50);
    if (p.method == "mean") continue;
    INFO(p.method);
    CHECK(mean_correlation(correlations(p.values.mean, truth, test.protein.measured)) > 0.3);
  }
  CHECK(names == std::vector<std::string>{"mean", "ridge on components", "ridge, rna alone",
                                          "ridge, accessibility alone", "linear joint VAE", "30 nearest cells"});
  CHECK(all[1].values.mean != all[2].values.mean);
  CHECK(baselines(make_model(small_options(), train.protein, {train.rna}, 1), {train.rna, train.protein, {}},
                  {test.rna, test.protein, {}})
            .size() == 4);
}
