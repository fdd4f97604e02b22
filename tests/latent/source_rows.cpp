#include <latentcell/latent/source_rows.hpp>

#include "small_models.hpp"

using namespace latentcell;

TEST_CASE("SourceRows: rows by level of a column; levels without source cells and missing labels are named") {
  const LatentTable z = small_models::latents(6);
  const SourceRows by_type(z, z, "type", "test");
  CHECK(by_type.rows[1] == std::vector<Index>{1, 3, 5});
  CHECK(SourceRows(z, z, "", "test").rows[0].size() == 6);
  LatentTable none = z;
  none.cell_columns = labelled("type", Categorical{{"type_0"}, std::vector<int>(6, 0)});
  REQUIRE_THROWS_WITH(SourceRows(none, z, "type", "test"), ContainsText("test: no source cell has 'type_1'"));
  none.cell_columns = labelled("type", Categorical{{"type_0"}, {0, 0, -1, 0, 0, 0}});
  REQUIRE_THROWS_WITH(SourceRows(z, none, "type", "test"), ContainsText("test: target cell 2 has no label"));
}

TEST_CASE("coupling_groups: cells share a group where level and attributes agree, unknown ones too") {
  Matrix<float> values(4, 1);
  values << 1, unknown, unknown, 1;
  CHECK(coupling_groups(values, {0, 0, 0, 1}) == std::vector<int>{0, 1, 1, 2});
}
