#include <latentcell/generation/augment.hpp>

#include <algorithm>
#include <cmath>

#include <latentcell/kernel/log_pca.hpp>
#include <latentcell/metric/logistic_regression.hpp>

#include "support/generator.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::generation;

TEST_CASE("label_deficit: what each label lacks to a number of cells, the median label's where none is given") {
  const std::vector<int> codes = {0, 0, 0, 0, 0, 1, 1, 1, 2, -1};
  const LabelDeficit median = label_deficit(codes, 4);
  CHECK(median.min_cells == 3);
  CHECK(median.cells == std::vector<Index>{5, 3, 1, 0});
  CHECK(median.deficit == std::vector<Index>{0, 0, 2, 0});  // a label without cells is left alone
  CHECK(label_deficit(codes, 4, 6).deficit == std::vector<Index>{1, 3, 5, 0});
  CHECK_THROWS_WITH(label_deficit({-1, -1}, 2), ContainsText("no cell has a label"));
  CHECK_THROWS_WITH(label_deficit(codes, 4, -1), ContainsText("negative"));
}

TEST_CASE("augment: each label gets what it lacks, the same with any number of threads") {
  const auto& [cells, m] = generator::shared();
  const auto added = [&, &cells = cells, &m = m](int n) {
    const int before = threads();
    set_threads(n);
    Rng rng(5);
    const CellTable out = augment(m, cells, rng, {.min_cells = 150, .steps = 4});
    set_threads(before);
    return out;
  };
  const CellTable one = added(1), two = added(2);
  CHECK(std::ranges::equal(one.counts.values(), two.counts.values()));
  const Categorical real = cells.obs("cell_type"), made = one.obs("cell_type");
  for (int l = 0; l < 3; ++l) CHECK(made.count(l) == std::max<Index>(0, 150 - real.count(l)));
  CHECK(one.gene_names == cells.gene_names);
  Rng rng(5);
  CHECK(augment(m, cells, rng, {.min_cells = 1}).cells() == 0);
}

TEST_CASE("augment: by every method the label's cells, as many as fill says; none of nothing") {
  const auto& [cells, m] = generator::shared();
  const Categorical real = cells.obs("cell_type");
  for (const AugmentMethod method : {AugmentMethod::generated, AugmentMethod::mixed, AugmentMethod::copies}) {
    Rng rng(5);
    const CellTable half = augment(m, cells, rng, {.method = method, .fill = 0.5, .min_cells = 150, .steps = 2});
    INFO(enum_name(method));
    const std::vector<int> made = half.cell_columns.codes("cell_type", m.options.levels);
    for (int l = 0; l < 3; ++l)
      CHECK(std::count(made.begin(), made.end(), l) ==
            std::lround(0.5 * double(std::max<Index>(0, 150 - real.count(l)))));
    CHECK(half.gene_names == cells.gene_names);
  }
  Rng rng(5);
  CHECK(augment(m, cells, rng, {.method = AugmentMethod::none, .min_cells = 150}).cells() == 0);
}

TEST_CASE("augment: levels of the batch covariate come in the proportions that the label's own cells have them in") {
  const auto& [table, m] = generator::shared();
  CellTable cells = table;
  // Of the rarest label three quarters at one level; of the others all at the other.
  const std::vector<int> type = cells.obs("cell_type").codes;
  std::vector<int> batch_covariate(type.size(), 1);
  int seen = 0;
  double first = 0;
  for (std::size_t i = 0; i < type.size(); ++i) {
    if (type[i] == 2) batch_covariate[i] = seen++ % 4 == 0 ? 1 : 0, first += batch_covariate[i] == 0;
  }
  cells.cell_columns.set("batch", Categorical{m.options.batch_covariate_levels, batch_covariate});
  Rng rng(6);
  const CellTable made = augment(m, cells, rng, {.min_cells = 500, .steps = 2});
  const std::vector<int> label = made.cell_columns.codes("cell_type", m.options.levels),
                         got = made.cell_columns.codes("batch", m.options.batch_covariate_levels);
  double n = 0, in_first = 0;
  for (std::size_t i = 0; i < label.size(); ++i) {
    if (label[i] != 2) CHECK(got[i] == 1);
    n += label[i] == 2;
    in_first += label[i] == 2 && got[i] == 0;
  }
  const double p = first / seen;
  CHECK(in_first / n == Approx(p).margin(4 * std::sqrt(p * (1 - p) / n)));
}

TEST_CASE("augment: cells of a level of the batch covariate look like real cells of it") {
  Rng rng(7);
  const CellTable cells = simulate({.cells = 400,
                                    .genes = 120,
                                    .types = 2,
                                    .batch_covariate_levels = 2,
                                    .library = 400,
                                    .type_skew = 1.5,
                                    .batch_effect_strength = 0.8},
                                   rng);
  const generation::Model m = generator::trained(cells);
  const CellTable made = augment(m, cells, rng, {.min_cells = 500, .steps = 4});
  const auto pca = kernel::LogPca::fit(cells.counts.view(), 10, rng);
  const Matrix<float> real = pca.project(cells.counts.view()), added = pca.project(made.counts.view());
  const std::vector<int> found = metric::LogisticRegression(view(real), cells.obs("batch").codes).predict(view(added)),
                         batch_covariate = made.cell_columns.codes("batch", m.options.batch_covariate_levels);
  double right = 0;
  for (std::size_t i = 0; i < found.size(); ++i) right += found[i] == batch_covariate[i];
  CHECK(right / double(found.size()) > 0.8);
}

TEST_CASE("augment: gene means of a rare label are those of its real cells, more so with a small pseudo-count") {
  const auto& [cells, m] = generator::shared();
  const std::vector<int> type = cells.obs("cell_type").codes;
  const auto error = [&, &cells = cells, &m = m](double pseudo_count) {
    Rng rng(8);
    const CellTable made = augment(m, cells, rng, {.min_cells = 600, .steps = 4, .pseudo_count = pseudo_count});
    const std::vector<int> label = made.cell_columns.codes("cell_type", m.options.levels);
    return generator::gap(generator::profile(cells, type, 2), generator::profile(made, label, 2));
  };
  CHECK(error(0.5) < 0.5 * error(1e9));
}
