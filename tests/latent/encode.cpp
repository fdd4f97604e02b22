#include <latentcell/autoencoder/plain_autoencoder.hpp>
#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/core/threads.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/latent/encode.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

using Model = Vae<float, NegativeBinomial<float>>;

CellTable some_cells(Index cells) {
  Rng rng(7);
  return simulate({.cells = cells, .genes = 40, .types = 3, .library = 150}, rng);
}

Model some_model() {
  Rng rng(2);
  return Model({.genes = 40, .hidden = {16, 12}, .latent = 4}, rng);
}

template <class Autoencoder>
LatentTable encode_with(int n, const Autoencoder& model, const CellTable& cells) {
  const int before = threads();
  set_threads(n);
  const LatentTable out = encode(model, cells);
  CHECK(threads() == n);
  set_threads(before);
  return out;
}

}  // namespace

TEST_CASE("encode: the number of threads does not change a bit") {
  const Model model = some_model();
  // Ends of batches: even, one cell left over (which joins the batch before it), two left over, half a batch.
  for (const Index cells : {Index(1024), Index(1537), Index(1538), Index(1800)}) {
    INFO(cells << " cells");
    const CellTable table = some_cells(cells);
    const LatentTable one = encode_with(1, model, table);
    REQUIRE((one.cells() == cells && one.deviation.rows() == cells && Index(one.library.size()) == cells));
    for (const int n : {2, 3, 8}) {
      const LatentTable more = encode_with(n, model, table);
      CHECK(more.mean == one.mean);
      CHECK(more.deviation == one.deviation);
      CHECK(more.library == one.library);
    }
  }
}

TEST_CASE("encode: rows stand in the order of the table, whatever the batches") {
  const Model model = some_model();
  const CellTable table = some_cells(1100);
  const LatentTable all = encode_with(2, model, table);
  CHECK(all.cell_names == table.cell_names);
  for (const Index row : {Index(0), Index(511), Index(512), Index(1099)}) {
    const LatentTable one = encode(model, table.select_cells(std::vector<Index>{row}));
    CHECK((one.mean.row(0) - all.mean.row(row)).cwiseAbs().maxCoeff() < 1e-5f);
    CHECK((one.deviation.row(0) - all.deviation.row(row)).cwiseAbs().maxCoeff() < 1e-5f);
    CHECK(one.library[0] == all.library[to_size(row)]);
  }
}

TEST_CASE("encode: an autoencoder without posterior gives no deviation") {
  Rng rng(2);
  const PlainAutoencoder<float, NegativeBinomial<float>> model({.genes = 40, .hidden = {16}, .latent = 4}, rng);
  const LatentTable z = encode_with(2, model, some_cells(1100));
  CHECK(z.cells() == 1100);
  CHECK(z.deviation.size() == 0);
}

TEST_CASE("encode: a table without cells, or of other genes, is refused") {
  const Model model = some_model();
  CellTable table = some_cells(20);
  REQUIRE_THROWS_WITH(encode(model, table.select_cells(std::vector<Index>{})),
                      ContainsText("encode: there are no cells"));
  const CellTable other = table.select_genes(std::vector<Index>{0, 1, 2});
  REQUIRE_THROWS_WITH(encode(model, other), ContainsText("cells with 3 genes but the model has 40"));
}
