#include <latentcell/io/wider_type.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("wider_type: the narrowest type that holds the numbers of two") {
  using enum NumberType;
  const auto both = [](NumberType a, NumberType b) {
    CHECK(io::wider_type(a, b) == io::wider_type(b, a));
    return io::wider_type(a, b);
  };
  for (const NumberType type : {boolean, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64})
    CHECK(both(type, type) == type);
  CHECK(both(uint16, uint32) == uint32);
  CHECK(both(int8, int64) == int64);
  CHECK(both(uint8, int8) == int16);
  CHECK(both(uint16, int8) == int32);
  CHECK(both(uint8, int32) == int32);
  CHECK(both(uint32, int16) == int64);
  CHECK(both(uint64, int8) == float64);
  CHECK(both(uint16, float32) == float32);
  CHECK(both(uint32, float32) == float64);
  CHECK(both(float32, float64) == float64);
  CHECK(both(boolean, uint8) == uint8);
  CHECK(both(boolean, uint32) == uint32);
}
