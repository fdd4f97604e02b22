#include <latentcell/autodiff/visit.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

struct Leaf {
  Param<float> weight{2, 3};
  Buffer<float> average{1, 3};
  static void visit(auto& self, auto&& f) {
    f("weight", self.weight);
    f("average", self.average);
  }
};

struct Tree {
  Leaf stem;
  std::vector<Leaf> blocks{2};
  std::vector<Param<float>> bare{Param<float>(1, 1)};
  static void visit(auto& self, auto&& f) {
    f("stem", self.stem);
    f("blocks", self.blocks);
    f("bare", self.bare);
  }
};

}  // namespace

TEST_CASE("visit: dotted names, depth first, in the order of the members") {
  const Tree tree;
  std::vector<std::string> state, params;
  visit_state(tree, [&](std::string_view name, const auto&) { state.emplace_back(name); });
  visit_params(tree, [&](std::string_view name, const Param<float>&) { params.emplace_back(name); });
  CHECK(state == std::vector<std::string>{"stem.weight", "stem.average", "blocks.0.weight", "blocks.0.average",
                                          "blocks.1.weight", "blocks.1.average", "bare.0"});
  CHECK(params == std::vector<std::string>{"stem.weight", "blocks.0.weight", "blocks.1.weight", "bare.0"});
}

TEST_CASE("visit: each_param meets the same Params, and may change them") {
  Tree tree;
  std::vector<const Param<float>*> named, bare;
  visit_params(tree, [&](std::string_view, const Param<float>& p) { named.push_back(&p); });
  each_param(tree, [&](Param<float>& p) {
    bare.push_back(&p);
    p.frozen = true;
  });
  CHECK(named == bare);
  CHECK(tree.blocks[1].weight.frozen);
}

TEST_CASE("visit: parameter_count leaves buffers out") { CHECK(parameter_count(Tree{}) == 3 * 6 + 1); }
