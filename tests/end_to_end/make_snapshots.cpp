// make_snapshots FILE.h5ad [TIME]: simulated snapshots, without the cells of TIME where it is given.
#include <cstdlib>

#include <latentcell/data/simulate_development.hpp>
#include <latentcell/io/h5ad.hpp>

int main(int argc, char** argv) {
  namespace lc = latentcell;
  lc::Rng rng(7);
  lc::CellTable cells = lc::simulate_development({.cells = 80, .snapshots = 4, .genes = 150}, rng);
  const auto time = std::get<std::vector<double>>(cells.cell_columns.get("time"));
  std::vector<lc::Index> rows;
  for (lc::Index i = 0; i < cells.cells(); ++i) {
    if (argc < 3 || time[lc::to_size(i)] != std::atof(argv[2])) rows.push_back(i);
  }
  lc::io::write_h5ad(argv[1], cells.select_cells(rows));
  return 0;
}
