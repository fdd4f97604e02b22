#include <latentcell/spatial/condition_features.hpp>

#include "spatial/planted_tissue.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using spatial::Dataset;
using spatial::Model;

namespace {

Dataset dataset(const std::string& words) {
  Rng rng(1);
  const spatial::ImputationTask task =
      spatial::hold_out(planted::tissue({.spots = 160, .genes = 8}, 1), spatial::parse_holdout(words), rng);
  return spatial::make_dataset(task, spatial::choose_genes(task));
}

Model model_of(const Dataset& data) {
  Rng rng(2);
  Model model(planted::small(data), rng);
  model.target.fit(data.target, rng);
  if (model.panel) model.panel->fit(data.panel, rng);
  return model;
}

}  // namespace

TEST_CASE("encode_reference: latents at the reference's locations, weighted") {
  const Dataset data = dataset("spots:0.5");
  const Model model = model_of(data);
  const spatial::SpatialReference reference = spatial::encode_reference(model, data);
  CHECK(reference.coordinates == data.reference.coordinates);
  const Matrix<float> z = model.target.encode(data.target);
  CHECK(reference.values(3, 2) == z(3, 2) * model.target.component_weight(2));
  Dataset wrong = data;
  wrong.reference.coordinates = data.reference.coordinates.topRows(5);
  CHECK_THROWS_WITH(spatial::encode_reference(model, wrong), ContainsText("coordinates (5, 2)"));
}

TEST_CASE("mask_distribution: each query's distance to the reference; of a panel only where it is farther than usual") {
  Dataset data = dataset("spots:0.5");
  std::vector<float> radii = spatial::mask_distribution(data, 1).radii;
  REQUIRE(Index(radii.size()) == data.query.size());
  const Matrix<float> apart = (data.reference.coordinates.rowwise() - data.query.coordinates.row(4)).eval();
  CHECK(radii[4] == Approx(double(apart.rowwise().norm().minCoeff())).epsilon(1e-4));
  Dataset panel = dataset("genes:3");
  panel.query.coordinates.row(0).array() += 1000;
  radii = spatial::mask_distribution(panel, 1).radii;
  CHECK(radii[0] > 900);
  CHECK(double(std::count(radii.begin(), radii.end(), 0.0f)) > 0.8 * double(radii.size()));
  data.query.slice[0] = 1;
  CHECK(spatial::mask_distribution(data, 1).radii == std::vector<float>{0});
  CHECK(spatial::mask_distribution(data, 1).hide_slice);
  CHECK(spatial::median_mask({{3, 1, 2}, true}).mask_radius == 2);
  CHECK(spatial::median_mask({{3, 1, 2}, true}).hide_slice);
}

TEST_CASE("mask_distribution: cells of other slices are as far as the slice gap puts them") {
  // The query lies 4 from the nearest cell of its slice; a cell of the next slice lies at the same place.
  Dataset data;
  data.slices = 2;
  data.reference.coordinates = Matrix<float>{{4, 0}, {5, 0}, {0, 0}, {9, 0}};
  data.reference.slice = {0, 0, 1, 1};
  data.query.coordinates = Matrix<float>{{0, 0}};
  data.query.slice = {0};
  const auto radius = [&](double gap) { return spatial::mask_distribution(data, gap).radii.at(0); };
  CHECK(radius(3) == 3);
  CHECK(radius(10) == 4);
  CHECK(radius(0) == 0);
  // With a panel: reference cells lie 1 from each other, or as far as the slices, if those are nearer.
  data.panel.features = {"g"};
  data.reference.coordinates = Matrix<float>{{4, 0}, {5, 0}, {4, 0}, {5, 0}};
  CHECK(radius(10) == 4);
  data.query.coordinates(0, 0) = 3.5f;
  CHECK(radius(10) == 0);  // as near as reference cells are
  CHECK(radius(0.25) == 0.5f);
}

TEST_CASE("draw_masks: every radius is drawn about as often as another") {
  Rng rng(1);
  int first = 0;
  for (const spatial::SpatialMask& m : spatial::draw_masks({{1, 2}, false}, 1000, rng)) {
    CHECK((m.mask_radius == 1 || m.mask_radius == 2));
    first += m.mask_radius == 1;
  }
  CHECK(first == Approx(500).margin(4 * std::sqrt(250.0)));
}

TEST_CASE("condition features: a reference cell has no part in its own, a query has all neighbours") {
  Dataset data = dataset("spots:0.5");
  data.query.coordinates.row(0) = data.reference.coordinates.row(6);
  const Model model = model_of(data);
  const spatial::ConditionSource source(model, data);
  Rng rng(1);
  const Matrix<float> reference = spatial::condition_features_of_reference(model, source, {}, rng),
                      query = spatial::condition_features_of_queries(model, source.reference, data);
  CHECK(query(0, 0) == source.reference.values(6, 0));  // its nearest cell lies at the same place
  CHECK(reference(6, 0) != source.reference.values(6, 0));
  CHECK(query.rightCols(2).row(0) == reference.rightCols(2).row(6));
  Matrix<float> some(1, model.n_condition());
  spatial::condition_features_of_reference(model, source, std::vector<Index>{6}, {{0, false}}, view(some));
  CHECK(some.row(0) == reference.row(6));
  // The kriged latents are those that the features contain.
  const Matrix<float> kriged = spatial::kriged_latents(model, query);
  const spatial::NeighborQuery near(source.reference, data.query[2], {}, 1, 15);
  const RowVector<double> by_hand =
      spatial::krige(source.reference, near, model.context.fitted_variogram(), 1, model.context.options.kriged);
  CHECK(double(kriged(2, 1) * model.target.component_weight(1)) == Approx(by_hand(1)).epsilon(1e-4));
}

TEST_CASE("condition features: with a panel, each cell's own genes come last; without one they are refused") {
  const Dataset data = dataset("genes:3");
  const Model model = model_of(data);
  const spatial::ConditionSource source(model, data);
  const Matrix<float> query = spatial::condition_features_of_queries(model, source.reference, data),
                      panel = model.panel->condition_features(data.query_panel);
  CHECK(query.rightCols(panel.cols()) == panel);
  Rng rng(1);
  const Matrix<float> reference = spatial::condition_features_of_reference(model, source, {}, rng);
  CHECK(reference.rightCols(panel.cols()) == source.panel);
  const Dataset none = dataset("spots:0.5");
  CHECK_THROWS_WITH(spatial::condition_features_of_queries(model_of(none), source.reference, data),
                    ContainsText("takes no panel"));
  CHECK_THROWS_WITH(spatial::condition_features_of_queries(model, source.reference, none), ContainsText("needs the"));
}
