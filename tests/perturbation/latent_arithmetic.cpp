#include <latentcell/perturbation/latent_arithmetic.hpp>

#include <latentcell/data/simulate.hpp>
#include <latentcell/latent/encode.hpp>

#include "support/catch.hpp"
#include "support/perturbation_options.hpp"

using namespace latentcell;
using namespace latentcell::perturbation;

TEST_CASE("latent_arithmetic: moves the group's control cells by the mean displacement of the other groups") {
  Rng rng(7);
  const CellTable train = simulate({.cells = 300, .genes = 30, .types = 4, .type_skew = 0, .perturbations = 1}, rng);
  Model m(simulated_options(30), one_perturbation("gene_1"), rng);
  m.vae.initialize_from_data(train.counts);
  LatentTable z = encode(m.vae, train);
  // Planted: perturbed cells of other groups at (1, 2), those of the group itself elsewhere, controls at 0.
  const Categorical type = train.obs("cell_type"), what = train.obs("condition");
  const int own = type.code_of("type_2"), control = what.code_of("control");
  z.mean.setZero();
  z.deviation.resize(0, 0);
  std::vector<std::string> own_control;
  for (Index i = 0; i < z.cells(); ++i) {
    const bool is_own = type.codes[to_size(i)] == own;
    if (what.codes[to_size(i)] != control) {
      z.mean.row(i) << (is_own ? 9.0f : 1.0f), (is_own ? 9.0f : 2.0f);
    } else if (is_own) {
      own_control.push_back(train.cell_names[to_size(i)]);
    }
  }
  const CellTable moved = latent_arithmetic(m, train, z, "type_2", "gene_1", rng);
  CHECK(moved.cell_names == own_control);
  const Matrix<float>& at = moved.embeddings.at("X_latentcell");
  for (Index i = 0; i < at.rows(); ++i) {
    CHECK(double(at(i, 0)) == Approx(1));
    CHECK(double(at(i, 1)) == Approx(2));
  }
  // A condition that no other group has moves nothing.
  const CellTable still = latent_arithmetic(m, train, z, "type_2", "gene_9", rng);
  CHECK(still.embeddings.at("X_latentcell") == Matrix<float>::Zero(at.rows(), 2));
}
