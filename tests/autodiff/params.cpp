#include <latentcell/autodiff/params.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

struct Two {
  Param<float> first{1, 2}, second{2, 1};
  Buffer<float> state{1, 1};
  static void visit(auto& self, auto&& f) { f("first", self.first), f("state", self.state), f("second", self.second); }
};

}  // namespace

TEST_CASE("Params: the Params of a model in the order of visit, Buffers left out") {
  Two model;
  const Params<float> params(model);
  REQUIRE(params.size() == 2);
  CHECK(&params[0] == &model.first);
  CHECK(&params[1] == &model.second);
  CHECK(*params.begin() == &model.first);
}

TEST_CASE("Params: copied values come back") {
  Two model;
  const Params<float> params(model);
  model.first.value << 1, 2;
  model.second.value << 3, 4;
  std::vector<Buffer<float>> kept;
  copy_values(params, kept);
  REQUIRE(kept.size() == 2);
  model.first.value.setZero();
  model.second.value.setConstant(9);
  set_values(params, kept);
  CHECK(model.first.value(0, 1) == 2);
  CHECK(model.second.value(1, 0) == 4);
}
