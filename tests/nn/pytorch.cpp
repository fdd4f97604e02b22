// Numbers of diffusers: tests/reference/pytorch.py.
#include <cmath>

#include <latentcell/nn/time_embedding.hpp>

#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace latentcell;

TEST_CASE("TimeEmbedding: the sinusoids are those of diffusers") {
  const Reference reference("pytorch");
  Rng rng(1);
  TimeEmbedding<double> embed(128, rng);
  for (Linear<double>* layer : {&embed.first, &embed.second}) layer->weight.value.setIdentity();  // biases are zero
  const std::vector<double> t = reference.vector("time.t");
  Tape<double> tape;
  const Matrix<double> waves = reference.matrix("time.waves");
  const Matrix<double> silu_of = (waves.array() / (1 + (-waves.array()).exp())).matrix();
  CHECK(farthest(embed(tape, t).value(), silu_of) < 1e-5);  // diffusers works in float
}
