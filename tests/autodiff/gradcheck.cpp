#include <latentcell/autodiff/gradcheck.hpp>
#include <latentcell/op/elementwise.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;

TEST_CASE("gradcheck: finds a gradient that is wrong in one element and says where") {
  const auto wrong = [](Tape<double>& tape, const std::vector<Var<double>>& x) {
    const Var<double> in = x[1], y = tape.alloc(in.shape(), in);
    y.out() = in.value() * 3.0;
    tape.on_backward(y, [=] {
      in.grad() += y.upstream() * 3.0;
      in.grad()(1, 0) *= 1.001;
    });
    return add(y, x[0]);
  };
  const auto result = gradcheck(wrong, {support::made_matrix(2, 2, 1), support::made_matrix(2, 2, 2)});
  CHECK(result.worst > 1e-4);
  CHECK(result.worst < 1e-2);
  CHECK_THAT(result.where, ContainsText("input 1, element 2"));
}

TEST_CASE("gradcheck: finds a gradient that is not a number") {
  const auto broken = [](Tape<double>& tape, const std::vector<Var<double>>& x) {
    const Var<double> in = x[0], y = tape.alloc(in.shape(), in);
    y.out() = in.value();
    tape.on_backward(y, [=] { in.grad().setConstant(std::nan("")); });
    return y;
  };
  CHECK_FALSE(gradcheck(broken, {support::made_matrix(1, 2, 1)}).worst < 1e300);
}
