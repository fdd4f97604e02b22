#include <latentcell/generation/predict.hpp>

#include <cmath>

#include <latentcell/generation/calibrate_gene_means.hpp>

#include "support/generator.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::generation;

namespace {

double mean_of(const CellTable& cells, const std::vector<int>& codes, int code, Index gene) {
  double sum = 0, n = 0;
  const CountsView x = cells.counts.view();
  for (Index i = 0; i < x.rows; ++i) {
    if (codes[to_size(i)] != code) continue;
    n += 1;
    for (std::size_t k = 0; k < x.row_columns(i).size(); ++k)
      if (x.row_columns(i)[k] == gene) sum += double(x.row_values(i)[k]);
  }
  return sum / n;
}

}  // namespace

TEST_CASE("generate: cells have the labels and the batch covariate asked for, and are nearest to their own label") {
  const CellTable& cells = generator::shared().cells;
  Model model = generator::shared().model;
  Rng rng(2);
  calibrate_gene_means(model, cells, rng);
  const Composition of{{0, 1, 2, 0, -1}, {0, 1, 1, -1, 0}};
  const CellTable five = generate(model, of, {.steps = 4}, rng);
  CHECK(five.cell_columns.codes("cell_type", model.options.levels) == of.label);
  CHECK(five.cell_columns.codes("batch", model.options.batch_covariate_levels) == of.batch_covariate);
  CHECK(five.gene_names == cells.gene_names);
  const std::vector<int> type = cells.obs("cell_type").codes;
  for (int l = 0; l < 3; ++l) {
    const std::vector<int> label(150, l);
    const CellTable made = generate(model, Composition{label, std::vector<int>(150, 0)}, {.steps = 6}, rng);
    const double own = generator::gap(generator::profile(made, label, l), generator::profile(cells, type, l));
    for (int other = 0; other < 3; ++other) {
      if (other == l) continue;
      CHECK(own < 0.7 * generator::gap(generator::profile(made, label, l), generator::profile(cells, type, other)));
    }
  }
}

TEST_CASE("generate: by number, cells come in the composition of the training cells") {
  const auto& [cells, model] = generator::shared();
  Rng rng(3);
  const CellTable made = generate(model, cells.cells(), {.steps = 2}, rng);
  const Categorical real = cells.obs("cell_type"), got = made.obs("cell_type");
  for (int l = 0; l < 3; ++l) CHECK(got.count(l) == real.count(l));
}

TEST_CASE("sample_counts: the gene scales of a label multiply the means of its cells alone; the prior has none") {
  generation::Model model = generator::shared().model;
  const std::vector<int> label = [] {
    std::vector<int> out(2000, 0);
    for (std::size_t i = 1000; i < 2000; ++i) out[i] = 1;
    return out;
  }();
  Index gene = 0;  // one that both labels express
  double best = 0;
  {
    const CellTable& cells = generator::shared().cells;
    const std::vector<int> type = cells.obs("cell_type").codes;
    const auto a = generator::profile(cells, type, 0), b = generator::profile(cells, type, 1);
    for (std::size_t g = 0; g < a.size(); ++g)
      if (std::min(a[g], b[g]) > best) best = std::min(a[g], b[g]), gene = Index(g);
  }
  const auto both = [&](const generation::Model& m, bool prior) {
    Rng rng(4);
    const Composition of{label, std::vector<int>(2000, 0)};
    const CellTable made = prior ? sample_prior(m, of, rng) : generate(m, of, {.steps = 3}, rng);
    return std::pair{mean_of(made, label, 0, gene), mean_of(made, label, 1, gene)};
  };
  const auto before = both(model, false), prior_before = both(model, true);
  model.gene_scale.value(1, gene) = 3;
  const auto after = both(model, false);
  CHECK(after.first == Approx(before.first).epsilon(0.02));
  CHECK(after.second == Approx(3 * before.second).epsilon(0.15));
  CHECK(both(model, true) == prior_before);
}

TEST_CASE("generate: the same cells with any number of threads") {
  const generation::Model& model = generator::shared().model;
  const auto made = [&](int n) {
    const int before = threads();
    set_threads(n);
    Rng rng(5);
    const CellTable out = generate(model, 60, {.steps = 3}, rng);
    set_threads(before);
    return std::vector<float>(out.counts.values().begin(), out.counts.values().end());
  };
  CHECK(made(1) == made(2));
}

TEST_CASE("prior_latents: labels as asked for, library sizes of the label's training cells") {
  const auto& [cells, model] = generator::shared();
  Rng rng(6);
  const LatentTable z = prior_latents(model, std::vector<int>(500, 0), rng);
  CHECK(z.cell_columns.codes("cell_type", model.options.levels) == std::vector<int>(500, 0));
  const std::vector<int> type = cells.obs("cell_type").codes;
  double real = 0, n = 0, drawn = 0;
  for (Index i = 0; i < cells.cells(); ++i) {
    if (type[to_size(i)] != 0) continue;
    real += cells.counts.view().row_sum(i);
    n += 1;
  }
  for (const double size : z.library) drawn += size / 500;
  CHECK(drawn == Approx(real / n).epsilon(0.2));
}

TEST_CASE("generate: parts that say what they are part of are together the whole, bit by bit") {
  const auto& [cells, model] = generator::shared();
  const Composition of = training_composition(model);
  const Index n = Index(of.label.size());
  Rng rng(8);
  Rng whole_rng = rng;
  const CellTable whole = generate(model, of, {.steps = 2}, whole_rng);
  Index first = 0;
  for (const Index count : {Index(3), Index(250), n - 253}) {
    const auto part_of = [&](const std::vector<int>& codes) {
      return std::vector<int>(codes.begin() + first, codes.begin() + first + count);
    };
    Rng own = rng;
    const CellTable part = generate(model, Composition{part_of(of.label), part_of(of.batch_covariate)},
                                    {.steps = 2, .first = first, .of = n}, own);
    CHECK(part.cell_names.front() == whole.cell_names[to_size(first)]);
    CHECK(part.embeddings.at("X_latentcell") == whole.embeddings.at("X_latentcell").middleRows(first, count));
    for (Index i = 0; i < count; ++i) {
      const auto a = part.counts.view().row_values(i), b = whole.counts.view().row_values(first + i);
      REQUIRE(std::equal(a.begin(), a.end(), b.begin(), b.end()));
    }
    first += count;
  }
  CHECK_THROWS_WITH(generate(model, of, {.steps = 2, .first = 1, .of = n}, rng), ContainsText("of only"));
}
