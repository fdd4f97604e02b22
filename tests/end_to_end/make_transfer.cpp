// Makes the input of the tests of augment_cells and transfer_labels: make_transfer FOLDER writes reference.h5ad,
// new.h5ad (another level of the batch covariate, some other genes, labels in obs "truth" that `reference` does not
// have all), untold.h5ad (the same without "truth", its labels all wrong) and foreign.h5ad (no shared gene).
// make_transfer same A.h5ad B.h5ad: whether the labels found and the latents are the same, to the bit.

#include <string>

#include <latentcell/data/simulate.hpp>
#include <latentcell/io/h5ad.hpp>

using namespace latentcell;

int main(int argc, char** argv) {
  if (argc == 4) {
    const CellTable a = io::read_h5ad(argv[2]), b = io::read_h5ad(argv[3]);
    const std::string column = a.cell_columns.has("predicted_cell_type") ? "predicted_cell_type" : "cell_type",
                      other = b.cell_columns.has("predicted_cell_type") ? "predicted_cell_type" : "cell_type";
    return a.obs(column) == b.obs(other) && a.embeddings.at("X_latentcell") == b.embeddings.at("X_latentcell") ? 0 : 1;
  }
  if (argc != 2) return 1;
  const std::string folder = std::string(argv[1]) + "/";
  Rng rng(1);
  CellTable all = simulate(
      {.cells = 900, .genes = 150, .types = 4, .batch_covariate_levels = 2, .library = 400, .type_skew = 2}, rng);
  std::vector<Index> rows[2];
  const std::vector<int> batch_covariate = all.obs("batch").codes;
  for (Index i = 0; i < all.cells(); ++i) rows[batch_covariate[to_size(i)]].push_back(i);
  CellTable reference = all.select_cells(rows[0]), fresh = all.select_cells(rows[1]);
  io::write_h5ad(folder + "reference.h5ad", reference);
  for (std::size_t g = 0; g < fresh.gene_names.size(); g += 10) fresh.gene_names[g] = text("other_", g);
  Categorical truth = fresh.obs("cell_type");
  truth.levels[3] = "never seen";
  Annotation obs(fresh.cells());
  obs.set("truth", truth);
  fresh.cell_columns = obs;
  io::write_h5ad(folder + "new.h5ad", fresh);
  for (int& code : truth.codes) code = 0;
  obs = Annotation(fresh.cells());
  obs.set("cell_type", truth);
  fresh.cell_columns = obs;
  io::write_h5ad(folder + "untold.h5ad", fresh);
  for (std::string& name : fresh.gene_names) name += "_of_another_species";
  io::write_h5ad(folder + "foreign.h5ad", fresh);
}
