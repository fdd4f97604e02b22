#include <latentcell/latent/obs_numbers.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("ObsNumbers: numbers, vectors and texts give the same values; another number of them is refused") {
  const ObsNumbers two{{"x", "y"}}, one{{"dose"}};
  Matrix<float> a(1, 2), b(1, 2), c(1, 1);
  two.parse("1.5,-2", view(a));
  two.parse(std::vector<float>{1.5f, -2}, view(b));
  CHECK(a == b);
  one.parse(1.5, view(c));
  CHECK(c(0, 0) == 1.5f);
  REQUIRE_THROWS_WITH(two.parse(1.5, view(a)), ContainsText("condition 'x' takes 2 numbers, got 1"));
  REQUIRE_THROWS_WITH(one.parse(std::vector<float>{1, 2}, view(c)), ContainsText("'dose' takes 1 number, got 2"));
  Annotation back(1);
  two.write(view(b), back);
  Matrix<float> again(1, 2);
  two.read(back, view(again));
  CHECK(again == b);
}
