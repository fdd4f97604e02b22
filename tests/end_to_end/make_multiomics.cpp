// make_multiomics FOLDER: simulated cells with proteins as both.h5ad, the same of which some lack proteins as
// some.h5ad, and RNA of those alone as rna.h5ad, with one gene fewer.
#include <limits>
#include <string>

#include <latentcell/data/simulate_multiomics.hpp>
#include <latentcell/io/h5ad.hpp>

int main(int argc, char** argv) {
  namespace lc = latentcell;
  if (argc < 2) return 1;
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
