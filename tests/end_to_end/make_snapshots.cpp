// make_snapshots FILE.h5ad [TIME]: simulated snapshots, without the cells of TIME where it is given.
// make_snapshots fates FILE CELLS KNOWN: whether the file has so many cells, each with a probability of every cell_type
// of KNOWN, which add up to one where any is there.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <latentcell/data/simulate_development.hpp>
#include <latentcell/io/h5ad.hpp>

namespace lc = latentcell;

namespace {

bool has_fates(const std::string& file, lc::Index cells, const std::string& known) {
  const lc::CellTable made = lc::io::read_h5ad(file, {.values = lc::io::Values::any});
  if (made.cells() != cells) return std::printf("WRONG: %ld cells\n", long(made.cells())), false;
  std::vector<double> sum(lc::to_size(cells), 0.0);
  for (const std::string& type : lc::io::read_h5ad(known).obs("cell_type").levels) {
    if (!made.cell_columns.has("fate_" + type)) return std::printf("WRONG: no fate_%s\n", type.c_str()), false;
    const auto& p = std::get<std::vector<double>>(made.cell_columns.get("fate_" + type));
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += p[i];
  }
  for (const double s : sum) {
    if (s != 0 && std::abs(s - 1) > 1e-6) return std::printf("WRONG: fates add up to %g\n", s), false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 5) return has_fates(argv[2], std::atol(argv[3]), argv[4]) ? 0 : 1;
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
