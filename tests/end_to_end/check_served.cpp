// What serve_cells must answer, by the library alone, as JSON.
// check_served FILE.h5ad: its cells: genes, cells, counts, latents (obsm X_latentcell), obs columns.
// check_served MODEL.safetensors FILE.h5ad: the latents of these cells by a generator.

#include <cstdio>
#include <string>
#include <variant>

#include <nlohmann/json.hpp>

#include <latentcell/data/align_genes.hpp>
#include <latentcell/generation/io.hpp>
#include <latentcell/io/h5ad.hpp>
#include <latentcell/latent/encode.hpp>

namespace lc = latentcell;
using Json = nlohmann::json;

namespace {

Json rows_of(const lc::Matrix<float>& values) {
  Json out = Json::array();
  for (lc::Index i = 0; i < values.rows(); ++i) {
    Json row = Json::array();
    for (lc::Index j = 0; j < values.cols(); ++j) row.push_back(values(i, j));
    out.push_back(row);
  }
  return out;
}

Json list_of(const auto& values) { return std::vector(values.begin(), values.end()); }

Json cells_of(const lc::CellTable& cells) {
  Json out{{"genes", cells.gene_names},
           {"cells", cells.cell_names},
           {"counts",
            {{"indptr", list_of(cells.counts.row_start())},
             {"indices", list_of(cells.counts.columns())},
             {"data", list_of(cells.counts.values())}}},
           {"obs", Json::object()}};
  if (const auto at = cells.embeddings.find("X_latentcell"); at != cells.embeddings.end())
    out["latents"] = rows_of(at->second);
  for (const auto& [name, column] : cells.cell_columns.columns()) {
    if (const auto* labels = std::get_if<lc::Categorical>(&column)) {
      for (const int code : labels->codes)
        out["obs"][name].push_back(code < 0 ? "" : labels->levels[lc::to_size(code)]);
    } else if (const auto* numbers = std::get_if<std::vector<double>>(&column)) {
      out["obs"][name] = *numbers;
    } else if (const auto* narrow = std::get_if<std::vector<float>>(&column)) {
      out["obs"][name] = *narrow;
    }
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc == 2) {
    std::puts(cells_of(lc::io::read_h5ad(argv[1])).dump().c_str());
  } else if (argc == 3) {
    const lc::generation::Model model = lc::generation::load(argv[1]);
    const lc::CellTable cells = lc::align_genes(lc::io::read_h5ad(argv[2]), model.vae.gene_names).cells;
    std::puts(rows_of(lc::encode(model.vae, cells).mean).dump().c_str());
  } else {
    return 1;
  }
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "check_served: %s\n", e.what());
  return 1;
}
