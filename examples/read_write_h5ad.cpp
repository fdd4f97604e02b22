// Reads an AnnData file, adds a column to obs and a matrix to obsm, and writes a file that scanpy
// opens.
//   read_write_h5ad cells.h5ad out.h5ad
// Without arguments it first writes a small file of simulated cells. Needs the CMake target
// latentcell::io.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include <latentcell/data/simulate.hpp>
#include <latentcell/io/h5ad.hpp>

namespace fs = std::filesystem;
namespace lc = latentcell;

int main(int argc, char** argv) try {
  const fs::path folder = fs::temp_directory_path();
  const fs::path in = argc > 1 ? fs::path(argv[1]) : folder / "latentcell_cells.h5ad";
  const fs::path out = argc > 2 ? fs::path(argv[2]) : folder / "latentcell_copy.h5ad";
  if (argc <= 1) {
    lc::Rng rng(1);
    lc::io::write_h5ad(in.string(), lc::simulate({.cells = 200, .genes = 100}, rng));
  }

  // Counts must be raw: another layer is chosen by {.layer = "counts"}.
  lc::CellTable cells = lc::io::read_h5ad(in.string());
  std::printf("%s: %td cells, %td genes, obs: %s\n", in.c_str(), cells.cells(), cells.genes(),
              cells.cell_columns.list().c_str());
  for (const std::string& note : cells.notes) std::printf("note: %s\n", note.c_str());

  std::vector<double> total;
  for (lc::Index cell = 0; cell < cells.cells(); ++cell)
    total.push_back(cells.counts.view().row_sum(cell));
  cells.embeddings["X_total"] = lc::Matrix<float>(cells.cells(), 1);
  std::copy(total.begin(), total.end(), cells.embeddings["X_total"].data());
  cells.cell_columns.set("total_counts", total);
  lc::io::write_h5ad(out.string(), cells);

  const lc::CellTable copy = lc::io::read_h5ad(out.string());
  const bool same = std::ranges::equal(copy.counts.values(), cells.counts.values()) &&
                    std::ranges::equal(copy.counts.columns(), cells.counts.columns()) &&
                    copy.gene_names == cells.gene_names && copy.cell_columns.has("total_counts") &&
                    copy.embeddings.contains("X_total");
  std::printf("%s: %s\n", out.c_str(), same ? "reads back the same" : "differs");
  if (argc <= 1) fs::remove(in), fs::remove(out);
  return same ? 0 : 1;
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
