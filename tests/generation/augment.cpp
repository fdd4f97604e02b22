#include <latentcell/generation/augment.hpp>

#include <latentcell/generation/calibrate_gene_means.hpp>
#include <latentcell/generation/predict.hpp>
#include <latentcell/generation/evaluate_augmentation.hpp>

#include "support/generator.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::generation;

TEST_CASE("label_deficit: what each label lacks, the middle label being the measure") {
  const std::vector<int> codes = {0, 0, 0, 0, 0, 1, 1, 1, 2, -1};
  const LabelDeficit middle = label_deficit(codes, 4);
  CHECK(middle.min_cells == 3);
  CHECK(middle.cells == std::vector<Index>{5, 3, 1, 0});
  CHECK(middle.deficit == std::vector<Index>{0, 0, 2, 0});  // a label without cells is left alone
  CHECK(label_deficit(codes, 4, 6).deficit == std::vector<Index>{1, 3, 5, 0});
  CHECK_THROWS_WITH(label_deficit({-1, -1}, 2), ContainsText("no cell has a label"));
  CHECK_THROWS_WITH(label_deficit(codes, 4, -1), ContainsText("negative"));
}

TEST_CASE("group_gene_scales: what a group shows over what is expected, drawn to 1 where counts are few") {
  Rng rng(1);
  const CellTable cells = generator::cells(300, rng);
  const Model m = generator::trained(cells);
  const std::vector<int> codes = cells.obs("cell_type").codes;
  const LatentTable z = encode(m.vae, cells);
  const Matrix<float> sure = group_gene_scales(m.vae, cells, codes, z, codes, 3, 1e-6);
  const Matrix<double> seen = latentcell::detail::GroupMoments(cells.counts.view(), codes, 3).total,
                       expected = latentcell::detail::expected_counts(m.vae, z, codes, 3);
  for (Index g = 0; g < 5; ++g) {
    const double total = seen.row(0).sum() / expected.row(0).sum();
    CHECK(sure(0, g) == Approx(seen(0, g) / (expected(0, g) * total)).epsilon(1e-3));
  }
  const Matrix<float> believed = group_gene_scales(m.vae, cells, codes, z, codes, 3, 1e9);
  CHECK((believed.array() - 1).abs().maxCoeff() < 1e-3f);
  // A group without cells keeps the model as it is.
  std::vector<int> none = codes;
  for (int& code : none) code = code == 2 ? -1 : code;
  CHECK((group_gene_scales(m.vae, cells, none, z, codes, 3, 1.0).row(2).array() - 1).abs().maxCoeff() < 1e-5f);
  CHECK_THROWS_WITH(group_gene_scales(m.vae, cells, codes, z, codes, 2, 1.0), ContainsText("group 2 of 2"));
  CHECK_THROWS_WITH(group_gene_scales(m.vae, cells, codes, z, codes, 3, 0.0), ContainsText("belief"));
}

TEST_CASE("calibrate_gene_means: drawn cells of a label come nearer to its real means") {
  Rng rng(2);
  const CellTable cells = generator::cells(400, rng);
  Model m = generator::trained(cells);
  const Categorical type = cells.obs("cell_type");
  const auto error = [&] {
    Rng own(8);
    const std::vector<int> wanted(600, 2);
    const CellTable made = sample_counts(
        m, m.flow.generate({.cells = labelled("cell_type", {type.levels, wanted}), .steps = 8}, own), own);
    const Matrix<double> a = latentcell::detail::GroupMoments(cells.counts.view(), type.codes, 3).total,
                         b = latentcell::detail::GroupMoments(made.counts.view(), wanted, 3).total;
    double sum = 0;
    for (Index g = 0; g < cells.genes(); ++g) sum += std::abs(a(2, g) / a.row(2).sum() - b(2, g) / b.row(2).sum());
    return sum;
  };
  CHECK((m.gene_scale.value.array() == 1).all());
  const double before = error();
  calibrate_gene_means(m, cells, rng, {.pseudo_count = 5, .steps = 8});
  CHECK(error() < 0.8 * before);
}

TEST_CASE("augment: rare labels get the cells they lack, in their own batches, the same with any number of threads") {
  Rng rng(3);
  const CellTable cells = generator::cells(300, rng);
  const Model m = generator::trained(cells);
  Rng a(5), b(5);
  const int before = threads();
  set_threads(1);
  const CellTable one = augment(m, cells, a, {.min_cells = 120, .steps = 4});
  set_threads(2);
  const CellTable two = augment(m, cells, b, {.min_cells = 120, .steps = 4});
  set_threads(before);
  CHECK(std::ranges::equal(one.counts.values(), two.counts.values()));
  const Categorical real = cells.obs("cell_type"), made = one.obs("cell_type");
  for (int l = 0; l < 3; ++l) CHECK(made.count(l) == std::max<Index>(0, 120 - real.count(l)));
  CHECK(one.obs("batch").levels == cells.obs("batch").levels);
  CHECK(one.gene_names == cells.gene_names);
  CHECK(augment(m, cells, a, {.min_cells = 1}).cells() == 0);
}

TEST_CASE("evaluate_augmentation: real cells more of a rare label help, mislabelled ones do harm") {
  Rng rng(4);
  SimulatedTissue tissue({.genes = 200, .types = 4, .library = 300, .type_skew = 2.2}, rng);
  const CellTable train = tissue.draw(300, rng), held = tissue.draw(600, rng), more = tissue.draw(3000, rng);
  const auto codes = [&](const CellTable& x) { return x.obs("cell_type").codes; };
  const std::vector<int> of_more = codes(more);
  std::vector<Index> rare;
  std::vector<int> right, wrong;
  for (Index i = 0; i < more.cells() && rare.size() < 60; ++i) {
    if (of_more[to_size(i)] < 2) continue;
    rare.push_back(i);
    right.push_back(of_more[to_size(i)]);
    wrong.push_back(5 - of_more[to_size(i)]);
  }
  const auto good =
      evaluate_augmentation(train, codes(train), held, codes(held), more.select_cells(rare), right, 4, {.trees = 50});
  const auto bad =
      evaluate_augmentation(train, codes(train), held, codes(held), more.select_cells(rare), wrong, 4, {.trees = 50});
  REQUIRE(good.size() == 5);
  CHECK(good.front().rare_logistic == bad.front().rare_logistic);
  CHECK(good.back().rare_logistic > good.front().rare_logistic);
  CHECK(good.back().rare_forest > good.front().rare_forest);
  CHECK(bad.back().rare_logistic < good.front().rare_logistic);
  CHECK_THROWS_WITH(evaluate_augmentation(train, codes(train), held, codes(held),
                                          held.select_genes(std::vector<Index>{0, 1}), codes(held), 4),
                    ContainsText("align_genes"));
}
