#include <latentcell/condition/gene_set.hpp>
#include <latentcell/op/reduce.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::window;

TEST_CASE("GeneSet: the mean of the genes' embeddings, in any order and scale; controls and unknown their own") {
  Rng rng(2);
  const GeneSet<float> encoder(3, 4, 5, rng);
  Matrix<float> cells(6, 3);
  cells << 1, 0, 0, 0, 1, 0, 1, 1, 0, 2, 2, 0, 0, 0, 0, 0, unknown, 0;
  Tape<float> tape;
  const Matrix<float> y = encoder(tape, window(cells)).value();
  CHECK(((y.row(0) + y.row(1)) / 2 - y.row(2)).cwiseAbs().maxCoeff() < 1e-6f);
  CHECK(y.row(2) == y.row(3));
  CHECK(y.row(4) == encoder.control.value.row(0));
  CHECK(y.row(5) == encoder.null_embedding.value.row(0));
}

TEST_CASE("GeneSet: given embeddings stay as they are and speak for genes never seen") {
  Rng rng(2);
  Matrix<float> given(3, 2);
  given << 1, 0, 0, 1, 1, 0;  // the third is like the first
  const GeneSet<float> encoder(given, 4, rng);
  CHECK(encoder.genes.frozen);
  const Matrix<float> cells = Matrix<float>::Identity(3, 3);
  Tape<float> tape;
  const Var<float> y = encoder(tape, window(cells));
  CHECK(y.value().row(0) == y.value().row(2));
  tape.backward(mean(y));
  CHECK(tape.grad(encoder.to.weight) != nullptr);
  CHECK(tape.grad(encoder.genes) == nullptr);
}

TEST_CASE("GeneSet: what does not fit is named") {
  Rng rng(1);
  const GeneSet<float> encoder(3, 4, 5, rng);
  Tape<float> tape;
  Matrix<float> cells(1, 3);
  cells << 1, -1, 0;
  REQUIRE_THROWS_WITH(encoder(tape, window(cells)), ContainsText("weight -1 of gene 1 in cell 0 is negative"));
  const Matrix<float> few = Matrix<float>::Ones(1, 2);
  REQUIRE_THROWS_WITH(encoder(tape, window(few)), ContainsText("cells have 2 numbers but there are 3 genes"));
  REQUIRE_THROWS_WITH(GeneSet<float>(0, 4, 5, rng), ContainsText("at least one gene"));
}
