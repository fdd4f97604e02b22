// Numbers of torch.nn: tests/reference/pytorch.py.
#include <latentcell/autodiff/visit.hpp>
#include <latentcell/backbone/dit.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"
#include "support/reference.hpp"

using namespace latentcell;
using support::window;

namespace {

// The name in the script of a Param.
std::string their_name(std::string_view ours) {
  static const std::pair<std::string, std::string> parts[] = {{"qkv.weight", "in_proj_weight"},
                                                              {"qkv.bias", "in_proj_bias"},
                                                              {"attention.proj", "attention.out_proj"},
                                                              {"time.first", "time.0"},
                                                              {"time.second", "time.2"}};
  std::string out(ours);
  for (const auto& [from, to] : parts) {
    if (const std::size_t at = out.find(from); at != std::string::npos) out.replace(at, from.size(), to);
  }
  return out;
}

}  // namespace

TEMPLATE_TEST_CASE("Dit: the whole network and all its gradients agree with PyTorch", "", double, float) {
  using T = TestType;
  const Reference reference("pytorch");
  Rng rng(1);
  Dit<T> dit({.latent = 6, .tokens = 3, .width = 8, .depth = 2, .heads = 2, .mlp_ratio = 2, .condition = 5}, rng);
  visit_params(dit, [&](std::string_view name, Param<T>& p) {
    INFO(name);
    const Matrix<double>& value = reference.matrix("dit." + their_name(name));
    REQUIRE((p.value.rows() == value.rows() && p.value.cols() == value.cols()));
    p.value = value.cast<T>();
  });
  const auto get = [&](const char* name) -> Matrix<T> { return reference.matrix(name).cast<T>(); };
  const Matrix<T> z = get("dit.z"), condition = get("dit.condition"), seed = get("dit.seed"), times = get("dit.t");
  Tape<T> tape;
  const Var<T> at = tape.input(window(z)), c = tape.input(window(condition));
  const Var<T> y = dit(tape, at, {times.data(), 2}, c);
  tape.backward(y, window(seed));
  const double near = std::is_same_v<T, double> ? 1e-11 : 1e-5;
  CHECK(farthest(y.value(), reference.matrix("dit.y")) < near);
  CHECK(farthest(at.upstream(), reference.matrix("dit.dz")) < near);
  CHECK(farthest(c.upstream(), reference.matrix("dit.dcondition")) < near);
  visit_params(dit, [&](std::string_view name, const Param<T>& p) {
    INFO(name);
    REQUIRE(tape.grad(p) != nullptr);
    CHECK(farthest(ConstView<T>(tape.grad(p), p.value.rows(), p.value.cols()),
                   reference.matrix("dit.d." + their_name(name))) < near);
  });
}
