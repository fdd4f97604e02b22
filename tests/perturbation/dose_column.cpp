#include <latentcell/perturbation/dose_column.hpp>

#include <cmath>

#include "support/catch.hpp"

using namespace latentcell;
using perturbation::DoseColumn;

TEST_CASE("DoseColumn: reads, parses and writes the doses of its obs column") {
  Annotation obs(2);
  obs.set("dose", std::vector<double>{0.5, 2});
  const DoseColumn column{"dose"};
  Matrix<float> to = Matrix<float>::Zero(2, 1);
  column.read(obs, view(to));
  CHECK(to(0, 0) == 0.5f);
  CHECK(to(1, 0) == 2.0f);
  column.parse("3.5", View<float>(to.data(), 1, 1));
  CHECK(to(0, 0) == 3.5f);
  Annotation written(2);
  column.write(view(to), written);
  CHECK(std::get<std::vector<double>>(written.get("dose")) == std::vector<double>{3.5, 2});
}

TEST_CASE("DoseColumn: without a column every dose is missing, none is written, and a given one is refused") {
  Annotation obs(2);
  obs.set("dose", std::vector<double>{0.5, 2});
  const DoseColumn none;
  Matrix<float> to = Matrix<float>::Zero(2, 1);
  none.read(obs, view(to));
  CHECK(is_unknown(to.data(), 2));
  CHECK(std::isnan(to(1, 0)));
  Annotation written(2);
  none.write(view(to), written);
  CHECK(written.columns().empty());
  CHECK_THROWS_WITH(none.parse("1", view(to)), ContainsText("no dose column"));
}
