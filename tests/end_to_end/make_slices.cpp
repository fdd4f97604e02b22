// make_slices FOLDER: one simulated slice as all.h5ad and without the cells of layer_3 as without.h5ad, with their
// places as hidden.csv; and three slices as CSV with coordinates of their own.
// make_slices same A B: whether two files hold the same values and embeddings.
// make_slices panel ALL PREDICTED: ALL without the cells of PREDICTED as reference.h5ad, and those cells without the
// genes of PREDICTED as panel.h5ad.
#include <algorithm>
#include <fstream>
#include <string>

#include <latentcell/data/simulate_tissue_slice.hpp>
#include <latentcell/io/h5ad.hpp>

namespace lc = latentcell;

namespace {

bool same(const std::string& first, const std::string& second) {
  const lc::io::H5adOptions any{.values = lc::io::Values::any};
  const lc::CellTable a = lc::io::read_h5ad(first, any), b = lc::io::read_h5ad(second, any);
  const lc::CountsView x = a.counts, y = b.counts;
  if (a.gene_names != b.gene_names || x.rows != y.rows || x.nonzeros() != y.nonzeros()) return false;
  for (lc::Index i = 0; i < x.rows; ++i) {
    const auto u = x.row_values(i), v = y.row_values(i);
    if (!std::equal(u.begin(), u.end(), v.begin(), v.end())) return false;
  }
  return a.embeddings == b.embeddings;
}

void write_panel(const std::string& all, const std::string& predicted) {
  const lc::CellTable cells = lc::io::read_h5ad(all),
                      wanted = lc::io::read_h5ad(predicted, {.values = lc::io::Values::any});
  const auto rows = [](const std::vector<std::string>& from, const std::vector<std::string>& names, bool among) {
    std::vector<lc::Index> out;
    for (std::size_t i = 0; i < from.size(); ++i) {
      if ((std::ranges::find(names, from[i]) != names.end()) == among) out.push_back(lc::Index(i));
    }
    return out;
  };
  lc::io::write_h5ad("reference.h5ad", cells.select_cells(rows(cells.cell_names, wanted.cell_names, false)));
  lc::io::write_h5ad("panel.h5ad", cells.select_cells(rows(cells.cell_names, wanted.cell_names, true))
                                       .select_genes(rows(cells.gene_names, wanted.gene_names, false)));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 1;
  if (argc == 4 && argv[1] == std::string("panel")) return write_panel(argv[2], argv[3]), 0;
  if (argc == 4) return same(argv[2], argv[3]) ? 0 : 1;
  const std::string folder = argv[1];
  lc::Rng rng(7);
  const lc::CellTable cells = lc::simulate_tissue_slice({.spots = 260, .genes = 10}, rng);
  lc::io::write_h5ad(folder + "/all.h5ad", cells);
  lc::CellTable numbered = cells;
  numbered.cell_columns.set("count", std::vector<double>(lc::to_size(cells.cells()), 1234567.0));
  lc::io::write_h5ad(folder + "/numbers.h5ad", numbered);
  const lc::Categorical region = cells.obs("region");
  const lc::Matrix<float>& at = cells.embeddings.at("spatial");
  std::vector<lc::Index> kept;
  std::ofstream hidden(folder + "/hidden.csv");
  hidden.precision(9);
  for (lc::Index i = 0; i < cells.cells(); ++i) {
    if (region.levels[lc::to_size(region.codes[lc::to_size(i)])] == "layer_3") {
      hidden << at(i, 0) << "," << at(i, 1) << "\n";
    } else {
      kept.push_back(i);
    }
  }
  lc::io::write_h5ad(folder + "/without.h5ad", cells.select_cells(kept));
  for (int k = 1; k <= 3; ++k) {
    std::ofstream table(folder + lc::text("/slice", k, ".csv")), places(folder + lc::text("/places", k, ".csv"));
    table << "spot";
    for (lc::Index g = 0; g < cells.genes(); ++g) table << ",gene_" << g + (k == 2 ? 2 : 1);
    table << "\n";
    for (lc::Index i = k; i < cells.cells(); i += 2) {
      table << "s" << i;
      const lc::Matrix<float> row = [&] {
        lc::Matrix<float> out = lc::Matrix<float>::Zero(1, cells.genes());
        const lc::CountsView c = cells.counts.view();
        for (std::size_t j = 0; j < c.row_columns(i).size(); ++j) out(0, c.row_columns(i)[j]) = c.row_values(i)[j];
        return out;
      }();
      for (lc::Index g = 0; g < cells.genes(); ++g) table << "," << row(0, g);
      table << "\n";
      places << at(i, 0) << "," << at(i, 1) << "\n";
    }
  }
  return 0;
}
