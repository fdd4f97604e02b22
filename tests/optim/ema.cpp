#include <latentcell/optim/ema.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

struct One {
  Param<double> p{1, 1};
  static void visit(auto& self, auto&& f) { f("p", self.p); }
};

}  // namespace

TEST_CASE("Ema: the average with its early correction, in closed form") {
  One model;
  Ema<double> ema(0.3);
  ema.prepare(model);
  double expected = 0;
  for (int n = 1; n <= 20; ++n) {
    model.p.value(0, 0) = n;
    ema.update(model);
    const double decay = std::min(0.3, (1.0 + n) / (10.0 + n));
    expected = decay * expected + (1 - decay) * n;
    CHECK(ema.average[0].value(0, 0) == Approx(expected));
  }
}

TEST_CASE("Ema: swap there and back, copy_to for good") {
  One model;
  model.p.value(0, 0) = 1;
  Ema<double> ema(0.9);
  ema.prepare(model);
  model.p.value(0, 0) = 5;
  ema.swap(model);
  CHECK(model.p.value(0, 0) == 1);
  ema.swap(model);
  CHECK(model.p.value(0, 0) == 5);
  ema.copy_to(model);
  CHECK(model.p.value(0, 0) == 1);
}

TEST_CASE("Ema: off it does nothing; a decay outside [0, 1) is named") {
  One model;
  model.p.value(0, 0) = 3;
  Ema<double> off;
  off.update(model);
  off.swap(model);
  off.copy_to(model);
  CHECK(model.p.value(0, 0) == 3);
  CHECK(off.average.empty());
  REQUIRE_THROWS_WITH(Ema<double>(1.0), ContainsText("decay must lie in [0, 1), got 1"));
}
