#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <latentcell/data/column.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("to_labels: whole numbers ascend as numbers do, truth values are False and True") {
  CHECK(to_labels(Integers{{10, 2, 10, -1}, NumberType::int64, {}}) == Categorical{{"-1", "2", "10"}, {2, 1, 2, 0}});
  CHECK(to_labels(Integers{{10, 2}, NumberType::int8, std::vector<char>{0, 1}}) == Categorical{{"10"}, {0, -1}});
  CHECK(to_labels(Integers{{-1, 2}, NumberType::uint64, {}}) == Categorical{{"2", "18446744073709551615"}, {1, 0}});
  CHECK(to_labels(Booleans{{1, 0, 0}, std::vector<char>{0, 0, 1}}) == Categorical{{"False", "True"}, {1, 0, -1}});
  CHECK(to_labels(NullableTexts{{"b", "a", "b"}, {0, 0, 1}}) == Categorical{{"b", "a"}, {0, 1, -1}});
}

TEST_CASE("to_labels: ids above 2^53 stay apart") {
  constexpr std::int64_t wide = 9007199254740992;
  const auto labels = to_labels(Integers{{wide, wide + 1, wide + 2}, NumberType::int64, {}});
  REQUIRE(labels);
  CHECK(labels->levels == std::vector<std::string>{"9007199254740992", "9007199254740993", "9007199254740994"});
}

TEST_CASE("to_labels: reals are labels where all are whole") {
  const double nan = std::nan("");
  CHECK(to_labels(std::vector<double>{1, nan, 0}) == Categorical{{"0", "1"}, {1, -1, 0}});
  CHECK(to_labels(std::vector<float>{2, 2}) == Categorical{{"2"}, {0, 0}});
  CHECK_FALSE(to_labels(std::vector<double>{1, 1.5}));
  CHECK_FALSE(to_labels(std::vector<double>{nan, nan}));
  CHECK_FALSE(to_labels(std::vector<double>{1e300}));
  CHECK_FALSE(to_labels(Matrix<float>(2, 2)));
}

TEST_CASE("to_numbers: numbers alone") {
  const auto numbers = to_numbers(Integers{{3, 4}, NumberType::int32, std::vector<char>{0, 1}});
  REQUIRE(numbers);
  CHECK((*numbers)[0] == 3);
  CHECK(std::isnan((*numbers)[1]));
  CHECK(to_numbers(Integers{{-1}, NumberType::uint64, {}}) == std::vector<double>{18446744073709551616.0});
  CHECK(to_numbers(std::vector<float>{0.5f}) == std::vector<double>{0.5});
  CHECK_FALSE(to_numbers(Booleans{{1}, {}}));
  CHECK_FALSE(to_numbers(Categorical{{"1"}, {0}}));
}

TEST_CASE("text_of_real: the shortest text of a number in its own width") {
  CHECK(text_of_real(0.1f) == "0.1");
  CHECK(text_of_real(double(0.1f)) == "0.10000000149011612");
  CHECK(text_of_real(2.0) == "2.0");
  CHECK(text_of_real(-std::numeric_limits<float>::infinity()) == "-inf");
  CHECK(text_of_real(std::nan("")).empty());
}

TEST_CASE("select_rows: each kind of column keeps what it is") {
  const std::vector<Index> rows{2, 0};
  const std::vector<char> missing{0, 0, 1}, picked{1, 0};
  CHECK(select_rows(Integers{{1, 2, 3}, NumberType::int8, missing}, rows) ==
        Column(Integers{{3, 1}, NumberType::int8, picked}));
  CHECK(select_rows(Booleans{{1, 0, 0}, {}}, rows) == Column(Booleans{{0, 1}, {}}));
  CHECK(select_rows(NullableTexts{{"a", "b", ""}, missing}, rows) == Column(NullableTexts{{"", "a"}, picked}));
  CHECK(select_rows(std::vector<float>{1, 2, 3}, rows) == Column(std::vector<float>{3, 1}));
  const Column labels = select_rows(Categorical{{"a", "b"}, {0, 1, -1}, true, NumberType::int8}, rows);
  CHECK(std::get<Categorical>(labels).codes == std::vector<int>{-1, 0});
  CHECK(std::get<Categorical>(labels).ordered);
  CHECK(std::get<Categorical>(labels).level_type == NumberType::int8);
}
