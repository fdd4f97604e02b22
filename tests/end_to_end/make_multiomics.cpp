// make_multiomics FOLDER: simulated cells with proteins as both.h5ad, the same of which some lack proteins as
// some.h5ad, and RNA of those alone as rna.h5ad, with one gene fewer.
// make_multiomics tamper IN.h5ad PREDICTED.h5ad OUT.h5ad: IN with other proteins in the cells that PREDICTED held out
// first.
// make_multiomics same A.h5ad B.h5ad: whether both predict the same, to the bit, for the cells that were held out
// first.
#include <limits>
#include <string>
#include <variant>
#include <vector>

#include <latentcell/data/simulate_multiomics.hpp>
#include <latentcell/io/h5ad.hpp>

namespace lc = latentcell;

namespace {

std::vector<lc::Index> held_out_first(const lc::CellTable& predicted) {
  const auto& fold = std::get<std::vector<double>>(predicted.cell_columns.get("held_out_fold"));
  std::vector<lc::Index> out;
  for (std::size_t i = 0; i < fold.size(); ++i) {
    if (fold[i] == 1) out.push_back(lc::Index(i));
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 1;
  if (argc == 5) {
    lc::CellTable cells = lc::io::read_h5ad(argv[2]);
    lc::Matrix<float>& protein = cells.embeddings.at("protein_expression");
    for (const lc::Index i : held_out_first(lc::io::read_h5ad(argv[3])))
      protein.row(i).setConstant(float(1000 - 3 * i));
    lc::io::write_h5ad(argv[4], cells);
    return 0;
  }
  if (argc == 4) {
    const lc::CellTable a = lc::io::read_h5ad(argv[2]), b = lc::io::read_h5ad(argv[3]);
    const std::vector<lc::Index> rows = held_out_first(a);
    if (rows.empty() || rows != held_out_first(b)) return 1;
    for (const char* name : {"protein_predicted", "protein_low80", "protein_high50"}) {
      for (const lc::Index i : rows) {
        if (a.embeddings.at(name).row(i) != b.embeddings.at(name).row(i)) return 1;
      }
    }
    return 0;
  }
  const std::string folder = argv[1];
  lc::Rng rng(7);
  lc::CellTable cells = lc::simulate_multiomics({.cells = 150, .genes = 120, .proteins = 6, .peaks = 80}, rng);
  lc::io::write_h5ad(folder + "/both.h5ad", cells);
  std::vector<lc::Index> last, genes;
  for (lc::Index i = 130; i < 150; ++i) {
    cells.embeddings["protein_expression"].row(i).setConstant(std::numeric_limits<float>::quiet_NaN());
    last.push_back(i);
  }
  lc::io::write_h5ad(folder + "/some.h5ad", cells);
  for (lc::Index g = 0; g + 1 < cells.genes(); ++g) genes.push_back(g);
  lc::CellTable rna = cells.select_cells(last).select_genes(genes);
  rna.embeddings.clear();
  lc::io::write_h5ad(folder + "/rna.h5ad", rna);
  return 0;
}
