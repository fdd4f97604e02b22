#include <latentcell/data/stored_value.hpp>

#include <cstring>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("stored values: numbers keep their bytes, and each kind says how anndata reads it") {
  const StoredValue number = stored_integer(9007199254740993);  // 2^53 + 1, which no double holds
  std::int64_t back = 0;
  REQUIRE(number.bytes.size() == sizeof back);
  std::memcpy(&back, number.bytes.data(), sizeof back);
  CHECK(back == 9007199254740993);
  const auto encoding = [](const StoredValue& v) { return v.attributes.at("encoding-type").texts.front(); };
  CHECK(encoding(number) == "numeric-scalar");
  CHECK(encoding(stored_text("a")) == "string");
  CHECK(encoding(stored_texts({"a", "b"})) == "string-array");
  CHECK(stored_texts({"a", "b"}).shape == std::vector<Index>{2});
  CHECK(encoding(stored_mapping({{"seed", stored_integer(1)}})) == "dict");
  CHECK(stored_mapping({{"seed", stored_integer(1)}}) != stored_mapping({{"seed", stored_integer(2)}}));
}

TEST_CASE("without_places: what belongs to cells or genes goes, the rest stays") {
  const StoredValues all{{"layers/spliced", {}}, {"obsp/distances", {}}, {"uns/layers", {}}, {"varm/PCs", {}}};
  const StoredValues left = without_places(all, {"layers/", "obsp/"});
  CHECK(left.size() == 2);
  CHECK(left.count("uns/layers") == 1);
  CHECK(left.count("varm/PCs") == 1);
}
