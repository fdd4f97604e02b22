// make_perturbed OUT.h5ad [WITHOUT]: simulated control and perturbed cells; WITHOUT names a type whose perturbed cells
// are deleted, and with them whatever they could tell.

#include <cstdio>
#include <exception>
#include <string>

#include <latentcell/data/simulate.hpp>
#include <latentcell/io/h5ad.hpp>

namespace lc = latentcell;

int main(int argc, char** argv) try {
  lc::Rng rng(11);
  lc::CellTable cells = lc::simulate({.cells = 600, .genes = 200, .types = 4, .type_skew = 0, .perturbations = 1}, rng);
  if (argc > 2) {
    const lc::Categorical type = cells.obs("cell_type"), what = cells.obs("condition");
    std::vector<lc::Index> kept;
    for (lc::Index i = 0; i < cells.cells(); ++i) {
      const bool perturbed = what.levels[std::size_t(what.codes[lc::to_size(i)])] != "control";
      if (!perturbed || type.levels[std::size_t(type.codes[lc::to_size(i)])] != argv[2]) kept.push_back(i);
    }
    cells = cells.select_cells(kept);
  }
  lc::io::write_h5ad(argv[1], cells);
} catch (const std::exception& e) {
  std::fprintf(stderr, "make_perturbed: %s\n", e.what());
  return 1;
}
