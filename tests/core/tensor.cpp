#include <latentcell/core/tensor.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

// A function of the library's kind: it takes a window and writes to it.
void count_up(View<float> x) {
  for (Index i = 0; i < x.rows(); ++i) {
    for (Index j = 0; j < x.cols(); ++j) x(i, j) = float(10 * i + j);
  }
}

}  // namespace

TEST_CASE("view: a user's tensor is a matrix over the same memory") {
  Eigen::Tensor<float, 3, Eigen::RowMajor> tokens(2, 3, 4);
  View<float> x = view(tokens);
  CHECK(x.data() == tokens.data());
  CHECK(x.rows() == 6);
  CHECK(x.cols() == 4);
  count_up(x);
  CHECK(tokens(0, 0, 0) == 0);
  CHECK(tokens(0, 2, 3) == 23);
  CHECK(tokens(1, 1, 2) == 42);
}

TEST_CASE("view: ranks 1, 2 and 4, const and not") {
  Tensor<double, 1> one(5);
  CHECK(view(one).rows() == 1);
  CHECK(view(one).cols() == 5);
  const Tensor<double, 2> two(3, 7);
  ConstView<double> x = view(two);
  CHECK(x.data() == two.data());
  CHECK(x.rows() == 3);
  CHECK(x.cols() == 7);
  Tensor<double, 4> four(2, 3, 4, 5);
  CHECK(view(four).rows() == 24);
  CHECK(view(four).cols() == 5);
  Tensor<double, 3> empty(0, 3, 4);
  CHECK(view(empty).rows() == 0);
}

TEST_CASE("view: a tensor map of foreign memory") {
  std::vector<float> memory(24);
  TensorView<float, 3> map(memory.data(), 2, 3, 4);
  count_up(view(map));
  CHECK(memory[23] == 53);
}

TEST_CASE("tensor_view: a matrix is a tensor over the same memory, and back") {
  Matrix<float> m(6, 4);
  count_up(view(m));
  TensorView<float, 3> tokens = tensor_view(view(m), 2, 3, 4);
  CHECK(tokens.data() == m.data());
  CHECK(tokens(1, 0, 3) == 33);
  tokens(1, 2, 0) = -1;
  CHECK(m(5, 0) == -1);
  const View<float> again = view(tokens);
  CHECK(again.rows() == 6);
  CHECK(again.data() == m.data());
  const ConstTensorView<float, 2> fixed = tensor_view(as_const(view(m)), 3, 8);
  CHECK(fixed(2, 4) == -1);
}

TEST_CASE("tensor_view: extents that do not fit are named") {
  Matrix<float> m(6, 4);
  REQUIRE_THROWS_WITH(tensor_view(view(m), 2, 3, 5),
                      ContainsText("a view (6, 4) has 24 numbers but extents (2, 3, 5) take 30"));
  REQUIRE_THROWS_WITH(tensor_view(view(m), -2, -12), ContainsText("an extent is -2"));
}
