#include <latentcell/io/checkpoint.hpp>
#include <latentcell/nn/mlp.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

template <class T>
Mlp<T> made(Index width, std::uint64_t seed) {
  Rng rng(seed);
  return Mlp<T>(4, std::vector<Index>{width, 3}, T(0), rng);
}

template <class T>
bool same(const Mlp<T>& a, const Mlp<T>& b) {
  return a.layers[0].weight.value == b.layers[0].weight.value && a.layers[1].weight.value == b.layers[1].weight.value &&
         a.tails[1].norm.weight.value == b.tails[1].norm.weight.value;
}

}  // namespace

TEST_CASE("checkpoint: a model comes back, beside another under its own prefix") {
  const Mlp<float> a = made<float>(5, 1), b = made<float>(5, 2);
  io::SafeTensors file;
  io::store(file, "first", a);
  io::store(file, "second", b);
  CHECK(file.find("first.layers.0.weight")->shape == std::vector<Index>{5, 4});
  CHECK(file.metadata.at("latentcell.version") == version);
  Mlp<float> read = made<float>(5, 3);
  io::restore(file, "file", "second", read);
  CHECK(same(read, b));
  CHECK_FALSE(same(read, a));
}

TEST_CASE("checkpoint: one that does not fit is named and changes nothing") {
  io::SafeTensors file;
  io::store(file, "m", made<float>(5, 1));
  Mlp<float> wide = made<float>(6, 2);
  const Mlp<float> kept = wide;
  REQUIRE_THROWS_WITH(io::restore(file, "some.file", "m", wide),
                      ContainsText("some.file: tensor 'm.layers.0.weight' is (5, 4) but the model needs (6, 4)"));
  CHECK(same(wide, kept));
  Mlp<double> precise = made<double>(5, 2);
  REQUIRE_THROWS_WITH(io::restore(file, "some.file", "m", precise), ContainsText("holds F32 but the model needs F64"));
  Mlp<float> other = made<float>(5, 2);
  REQUIRE_THROWS_WITH(io::restore(file, "some.file", "n", other), ContainsText("has no tensor 'n.layers.0.weight'"));

  // The last tensor alone does not fit: nothing before it may have been changed.
  file.tensors.back().shape = {3, 1};
  const Mlp<float> before = other;
  REQUIRE_THROWS_AS(io::restore(file, "some.file", "m", other), std::runtime_error);
  CHECK(same(other, before));
  REQUIRE_THROWS_WITH(io::metadata(file, "some.file", "kind"), ContainsText("some.file: has no entry 'kind'"));
}
