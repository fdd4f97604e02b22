#include <latentcell/latent/encode_by_ranks.hpp>

#include "small_models.hpp"

using namespace latentcell;

namespace {

// One of several ranks, whose sums are left to the test.
struct Rank {
  Index number, of;
  Index rank() const { return number; }
  Index size() const { return of; }
  void sum(std::span<float>) {}
  void sum(std::span<double>) {}
};

}  // namespace

TEST_CASE("encode: what ranks encode adds up to the table of one process, to the bit") {
  auto vae = small_models::vae();
  for (const Index n : {2, 600, 1025, 1600}) {  // one block, a short one, one cell that joins, four
    const CellTable cells = small_models::cells(n);
    vae.initialize_from_data(cells.counts);
    const LatentTable whole = encode(vae, cells);
    for (const Index ranks : {1, 2, 3, 8}) {
      Matrix<float> mean = Matrix<float>::Zero(n, 2), deviation = mean;
      std::vector<float> library(to_size(n));
      for (Index r = 0; r < ranks; ++r) {
        Rank team{r, ranks};
        const LatentTable part = encode(vae, cells, team);
        mean += part.mean;
        if (part.deviation.size() > 0) deviation += part.deviation;
        for (std::size_t i = 0; i < library.size(); ++i) library[i] += part.library[i];
        CHECK(part.cell_names == whole.cell_names);
        CHECK(part.cell_columns.labels("cell_type").codes == whole.cell_columns.labels("cell_type").codes);
      }
      CHECK(mean == whole.mean);
      CHECK(deviation == whole.deviation);
      CHECK(library == whole.library);
    }
  }
}
