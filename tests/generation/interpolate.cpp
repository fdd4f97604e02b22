#include <latentcell/generation/interpolate.hpp>

#include <cmath>

#include "support/generator.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::generation;

namespace {

const ConditionValues first = {{"cell_type", "type_1"}}, second = {{"cell_type", "type_2"}};

}  // namespace

TEST_CASE("interpolate: paths have the conditions at their ends, unknown ones between, and even steps") {
  const generation::Model& m = generator::shared().model;
  Rng rng(4);
  const LatentTable z = interpolate(m.flow, first, second, {.points = 5, .paths = 6, .steps = 4}, rng);
  REQUIRE(z.cells() == 30);
  const Categorical type = z.cell_columns.labels("cell_type");
  const auto& share = std::get<std::vector<double>>(z.cell_columns.get("share"));
  const auto& path = std::get<std::vector<double>>(z.cell_columns.get("path"));
  for (Index i = 0; i < 30; ++i) {
    const int code = type.codes[to_size(i)];
    CHECK((code < 0 ? "" : type.levels[to_size(code)]) == (i % 5 == 0 ? "type_1" : i % 5 == 4 ? "type_2" : ""));
    CHECK(share[to_size(i)] == Approx(double(i % 5) / 4));
    CHECK(path[to_size(i)] == double(i / 5));
  }
}

TEST_CASE("interpolate: the ends are cells of the two labels, and the middle lies between them") {
  const auto& [cells, m] = generator::shared();
  Rng rng(4);
  const LatentTable z = interpolate(m.flow, first, second, {.points = 3, .paths = 100, .steps = 8}, rng);
  const LatentTable real = encode(m.vae, cells);
  const std::vector<int> type = cells.obs("cell_type").codes;
  const auto centre = [&, &real = real](int label) {
    RowVector<float> sum = RowVector<float>::Zero(real.latent());
    float n = 0;
    for (Index i = 0; i < real.cells(); ++i) {
      if (type[to_size(i)] == label) sum += real.mean.row(i), n += 1;
    }
    return (sum / n).eval();
  };
  const RowVector<float> a = centre(0), b = centre(1);
  const auto mean_at = [&](Index point) {
    RowVector<float> sum = RowVector<float>::Zero(z.latent());
    for (Index p = 0; p < 100; ++p) sum += z.mean.row(3 * p + point) / 100;
    return sum;
  };
  // Position along the line from one centre to the other.
  const auto along = [&](const RowVector<float>& x) { return double((x - a).dot(b - a) / (b - a).squaredNorm()); };
  CHECK(along(mean_at(0)) == Approx(0).margin(0.25));
  CHECK(along(mean_at(2)) == Approx(1).margin(0.25));
  CHECK(along(mean_at(1)) > along(mean_at(0)) + 0.15);
  CHECK(along(mean_at(1)) < along(mean_at(2)) - 0.15);
}

TEST_CASE("interpolate: library sizes go over from those of the one label to those of the other") {
  generation::Model m = generator::shared().model;
  // Labels of library sizes far apart.
  const std::vector<float> sizes = {100, 101, 10000, 10100};
  m.flow.library_size.fit(Matrix<float>::Zero(4, m.flow.latent()), sizes, std::vector<int>{0, 0, 1, 1});
  Rng rng(4);
  const LatentTable z = interpolate(m.flow, first, second, {.points = 5, .paths = 200, .steps = 1}, rng);
  std::vector<double> large(5, 0.0);
  for (Index i = 0; i < z.cells(); ++i) large[to_size(i % 5)] += z.library[to_size(i)] > 1000 ? 1.0 / 200 : 0.0;
  for (int k = 0; k < 5; ++k) CHECK(large[to_size(k)] == Approx(k / 4.0).margin(4 * std::sqrt(0.25 / 200)));
}

TEST_CASE("interpolate: library sizes follow the flow's attribute, of a flow without them there are none") {
  Rng rng(3);
  const std::vector<std::string> types = {"a", "b", "c", "d"}, sizes = {"small", "large"};
  const auto category = [&](const char* name, const std::vector<std::string>& levels) {
    return from_obs(name, levels, CategoricalCovariate<float>(Index(levels.size()), 8, rng));
  };
  LatentFlow flow(RectifiedFlow{}, ResidualMlp<float>({.latent = 2, .width = 8, .depth = 1, .condition = 8}, rng),
                  conditions(Combine::sum, category("type", types), category("size", sizes)),
                  {.library_attribute = "size"});
  const InterpolateOptions o{.points = 3, .paths = 20, .steps = 1};
  const ConditionValues a = {{"type", "d"}, {"size", "small"}}, b = {{"type", "d"}, {"size", "large"}};
  flow.library_size.fit(Matrix<float>(0, 2), {}, {});
  CHECK(interpolate(flow, a, b, o, rng).library.empty());
  const std::vector<float> library = {100, 101, 10000, 10100};
  flow.library_size.fit(Matrix<float>::Zero(4, 2), library, std::vector<int>{0, 0, 1, 1});
  const LatentTable z = interpolate(flow, a, b, o, rng);
  REQUIRE(z.library.size() == 60);
  for (Index i = 0; i < 60; i += 3) {
    CHECK(z.library[to_size(i)] < 200);
    CHECK(z.library[to_size(i + 2)] > 5000);
  }
}

TEST_CASE("interpolate: the same seed gives the same paths; what it cannot do is refused") {
  const generation::Model& m = generator::shared().model;
  const InterpolateOptions o{.points = 3, .paths = 4, .steps = 3};
  Rng one(4), two(4);
  CHECK(interpolate(m.flow, first, second, o, one).mean == interpolate(m.flow, first, second, o, two).mean);
  CHECK_THROWS_WITH(interpolate(m.flow, {{"cell_type", "no"}}, second, o, two), ContainsText("no level 'no'"));
  CHECK_THROWS_WITH(interpolate(m.flow, first, second, {.points = 1}, two),
                    ContainsText("points must be at least 2, got 1"));
  CHECK_THROWS_WITH(interpolate(m.flow, first, second, {.paths = 0}, two),
                    ContainsText("paths must be at least 1, got 0"));
}
