// Numbers of torch.nn.functional.embedding_bag: tests/reference/pytorch.py.
#include <latentcell/condition/gene_set.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"
#include "support/reference.hpp"

using namespace latentcell;
using support::window;

TEST_CASE("GeneSet: weighted means of embeddings agree with PyTorch's embedding_bag") {
  const Reference reference("pytorch");
  Rng rng(1);
  GeneSet<double> set(5, 3, 3, rng);
  set.genes.value = reference.matrix("embedding.table");
  set.to.weight.value.setIdentity();
  const Matrix<float> cells = reference.floats("gene_set.weight");
  const Matrix<double> seed = reference.matrix("embedding.seed");
  Tape<double> tape;
  const Var<double> y = set(tape, window(cells));
  tape.backward(y, window(seed));
  CHECK(farthest(y.value(), reference.matrix("gene_set.y")) < 1e-11);
  CHECK(farthest(ConstView<double>(tape.grad(set.genes), 5, 3), reference.matrix("gene_set.dtable")) < 1e-11);
}
