#include <latentcell/mapping/model.hpp>

#include <algorithm>

#include <latentcell/mapping/evaluate.hpp>

#include "support/generator.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::mapping;

namespace {

double right(const std::vector<int>& truth, const std::vector<int>& found) {
  return metric::label_scores(truth, found, 3).accuracy;
}

}  // namespace

TEST_CASE("transfer: cells of other genes and order are labelled, and the model keeps what it knew") {
  Rng rng(1);
  SimulatedTissue tissue({.genes = 120, .types = 3, .batches = 2, .library = 400, .marker_share = 0.15}, rng);
  const CellTable reference = tissue.draw(500, rng);
  CellTable fresh = tissue.draw(300, rng);
  const generation::Model model = generator::trained(reference);
  // A tenth of the genes is called otherwise, and the rest stands in another order.
  std::vector<std::string> order;
  for (std::size_t g = 120; g-- > 0;) order.push_back(fresh.gene_names[g]);
  fresh = align_genes(fresh, order).cells;
  for (std::size_t g = 0; g < 120; g += 10) fresh.gene_names[g] = text("other_", g);
  const std::vector<int> truth = fresh.obs("cell_type").codes;

  const TransferOptions quick{.replay = 400, .rounds = 2, .steps = 30};
  const auto t = transfer(model, fresh, "new", quick);
  CHECK(t.missing == 12);
  CHECK(t.extra == 12);
  CHECK(t.model.vae.genes() == 108);
  CHECK(t.model.options.batch_levels == std::vector<std::string>{"batch_1", "batch_2", "new"});
  CHECK(t.model.composition.value.sum() == 800);
  CHECK(t.cells.cells() == 300);
  CHECK(right(truth, t.label) > 0.85);
  for (const double c : t.confidence) CHECK((c > 0 && c <= 1));
  // The same again; and the model that comes out generates cells of the new batch.
  const auto again = transfer(model, fresh, "new", quick);
  CHECK(again.label == t.label);
  CHECK(again.cells.mean == t.cells.mean);
  Rng own(3);
  const LatentTable z =
      t.model.flow.generate({.cells = labelled("cell_type", {t.model.options.levels, {0, 1, 2}})}, own);
  CHECK(generation::sample_counts(t.model, z, own, {2, 2, 2}).genes() == 108);

  Rng pcs(5);
  const std::vector<int> near =
      nearest_labels(reference, reference.obs("cell_type").codes, 3, fresh, {.components = 10}, pcs);
  CHECK(right(truth, near) > 0.8);
}

TEST_CASE("transfer: narrowing keeps the weights of the shared genes, and the new batch starts as the old ones' mean") {
  Rng rng(2);
  const CellTable cells = generator::cells(200, rng);
  const generation::Model model = generator::trained(cells);
  std::vector<Index> kept;
  for (Index g = 0; g < 120; g += 2) kept.push_back(g);
  const generation::Model narrow = mapping::detail::with_new_batch(model, kept, "new", {});
  CHECK(narrow.vae.gene_names[3] == cells.gene_names[6]);
  CHECK(narrow.vae.first.weight.value.row(3) == model.vae.first.weight.value.row(6));
  const Matrix<float>&old = model.vae.heads.front().weight.value, &now = narrow.vae.heads.front().weight.value;
  CHECK(now.rows() == 60);
  CHECK(now.cols() == old.cols() + 1);
  CHECK(now(3, 5) == old(6, 5));
  CHECK(now(3, now.cols() - 1) == Approx(0.5 * (old(6, old.cols() - 1) + old(6, old.cols() - 2))).margin(1e-6));
  CHECK(narrow.flow.center.value == model.flow.center.value);
}

TEST_CASE("transfer: cells are remembered in the reference's mix, some of each label, of batches that had it") {
  Rng rng(5);
  const std::vector<int> label = {0, 0, 0, 0, 0, 0, 0, 0, 0, 2, -1}, batch = {0, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0};
  const mapping::detail::ReplayCells r = mapping::detail::choose_replay(label, batch, 100, 30, rng);
  CHECK(std::count(r.label.begin(), r.label.end(), 0) == 90);
  CHECK(std::count(r.label.begin(), r.label.end(), 2) == 30);
  for (std::size_t i = 0; i < r.label.size(); ++i) CHECK((r.label[i] == 0 || r.batch[i] == 1));
  CHECK_THROWS_WITH(mapping::detail::choose_replay({-1, -1}, {0, 0}, 10, 1, rng), ContainsText("no labels"));
}

TEST_CASE("transfer: both in components: the same cells lie at the same place, whichever table has them") {
  Rng rng(6);
  const CellTable cells = generator::cells(60, rng);
  const std::vector<Index> some = {3, 7};
  const mapping::detail::BothInComponents both(cells.counts, cells.select_cells(some).counts, 5, rng);
  CHECK(both.remembered.rows() == 60);
  CHECK(both.remembered.cols() == 5);
  CHECK(both.fresh.row(0).isApprox(both.remembered.row(3), 1e-5f));
  CHECK(both.fresh.row(1).isApprox(both.remembered.row(7), 1e-5f));
}

TEST_CASE("transfer: a label has the mean of the votes in the latent and in components") {
  Rng rng(8);
  SimulatedTissue tissue({.genes = 120, .types = 3, .batches = 2, .library = 60, .marker_share = 0.1}, rng);
  const CellTable reference = tissue.draw(500, rng), fresh = tissue.draw(200, rng);
  const auto t = transfer(generator::trained(reference), fresh, "new", {.replay = 400, .rounds = 0});
  const std::vector<int> codes = t.remembered.cell_columns.labels("cell_type").codes;
  const Matrix<double> in_latent =
      metric::neighbor_shares(kernel::nearest_neighbors(view(t.cells.mean), view(t.remembered.mean), 15), codes, 3);
  double others = 0;
  for (Index i = 0; i < 200; ++i) {
    const double components = 2 * t.confidence[to_size(i)] - in_latent(i, t.label[to_size(i)]);
    CHECK((components > -1e-9 && components < 1 + 1e-9));
    CHECK(15 * components == Approx(std::round(15 * components)).margin(1e-6));
    others += std::abs(components - in_latent(i, t.label[to_size(i)]));
  }
  CHECK(others > 10);  // the two do not agree on all
}

TEST_CASE("transfer: a type that is rare in the reference and frequent in the new cells is found") {
  Rng rng(7);
  SimulatedTissue tissue({.genes = 120, .types = 3, .batches = 2, .library = 400, .marker_share = 0.15}, rng);
  const CellTable drawn = tissue.draw(700, rng), fresh = tissue.draw(300, rng);
  const std::vector<int> types = drawn.obs("cell_type").codes;
  std::vector<Index> rows;
  int rare = 0;
  for (Index i = 0; i < drawn.cells(); ++i) {
    if (types[to_size(i)] != 0 || ++rare <= 25) rows.push_back(i);
  }
  const generation::Model model = generator::trained(drawn.select_cells(rows));
  const auto t = transfer(model, fresh, "new", {.replay = 400, .rounds = 2, .steps = 30});
  CHECK(metric::label_scores(fresh.obs("cell_type").codes, t.label, 3).f1[0] > 0.8);
}

TEST_CASE("transfer: no shared gene, a batch that is there already and no cells are refused") {
  Rng rng(3);
  const CellTable cells = generator::cells(150, rng);
  const generation::Model model = generator::trained(cells);
  CellTable other = cells;
  for (std::string& name : other.gene_names) name += "_x";
  CHECK_THROWS_WITH(transfer(model, other, "new"), ContainsText("none of 120 genes"));
  CHECK_THROWS_WITH(transfer(model, cells, "batch_2"), ContainsText("has a batch 'batch_2' already"));
  CHECK_THROWS_WITH(transfer(model, cells.select_cells({}), "new"), ContainsText("no cells"));
  CHECK_THROWS_WITH(transfer(model, cells, "new", {.components = 0}), ContainsText("components 0"));
}

TEST_CASE("transfer: an encoder that lacks genes takes them for what they usually are") {
  Rng rng(4);
  const CellTable cells = generator::cells(300, rng);
  const generation::Model model = generator::trained(cells);
  std::vector<Index> kept;
  for (Index g = 0; g < 120; ++g) {
    if (g % 4 != 0) kept.push_back(g);
  }
  generation::Model plain = mapping::detail::with_new_batch(model, kept, "new", {}), made_up = plain;
  mapping::detail::impute_missing_genes(model.vae, made_up.vae, cells, kept);
  const Matrix<float> whole = encode(model.vae, cells).mean;
  const CellTable some = cells.select_genes(kept);
  const auto error = [&](const generation::Model& m) {
    return double((encode(m.vae, some).mean - whole).squaredNorm());
  };
  CHECK(error(made_up) < 0.9 * error(plain));
}
