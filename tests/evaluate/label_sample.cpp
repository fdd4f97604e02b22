#include <latentcell/evaluate/label_sample.hpp>

#include <algorithm>
#include <set>

#include "evaluate/cells.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::evaluate;
using namespace evaluate_cells;

namespace {

const std::vector<Index> most = {30, 20, 10};

LabelSample sampler(const CellTable& cells, std::uint64_t seed = 3) {
  return {cells.obs("cell_type").levels, most, Rng(seed)};
}

void add(LabelSample& to, const CellTable& cells, Index first, Index last) {
  std::vector<Index> rows;
  for (Index i = first; i < last; ++i) rows.push_back(i);
  const CellTable part = cells.select_cells(rows);
  to.add(part, part.obs("cell_type").codes, first);
}

std::vector<std::string> names(const LabelSample& sample, Index k, const std::vector<Index>& count) {
  return sample.part(k, count, "cell_type").cell_names;
}

}  // namespace

TEST_CASE("LabelSample: the sample depends on the cells' numbers alone, not on blocks, their order or who has them") {
  const CellTable cells = draw(400, 1).train;
  LabelSample whole = sampler(cells), blocks = sampler(cells), first = sampler(cells), second = sampler(cells);
  add(whole, cells, 0, 400);
  for (const auto& [a, b] : {std::pair<Index, Index>{250, 400}, {0, 13}, {13, 250}}) add(blocks, cells, a, b);
  add(first, cells, 0, 170);
  add(second, cells, 170, 400);
  first.merge(second);
  CHECK(names(blocks, 0, most) == names(whole, 0, most));
  CHECK(names(first, 0, most) == names(whole, 0, most));
  CHECK(first.count(0) == rows_of(cells, cells.obs("cell_type").levels[0]));
  LabelSample other = sampler(cells, 4);
  add(other, cells, 0, 400);
  CHECK(names(other, 0, most) != names(whole, 0, most));
}

TEST_CASE("LabelSample: parts have the labels asked for, the cells' own counts, and no cell in common") {
  const CellTable cells = draw(400, 2).train;
  LabelSample sample = sampler(cells);
  add(sample, cells, 0, 400);
  const std::vector<Index> each = {10, 5, 2};
  std::set<std::string> all;
  for (Index k = 0; k < 3; ++k) {
    const CellTable part = sample.part(k, each, "cell_type");
    const Categorical labels = part.obs("cell_type");
    for (int l = 0; l < 3; ++l) CHECK(labels.count(l) == each[to_size(l)]);
    for (Index i = 0; i < part.cells(); ++i) {
      const Index row = std::stoll(part.cell_names[to_size(i)].substr(5));
      CHECK(cells.obs("cell_type").codes[to_size(row)] == labels.codes[to_size(i)]);
      const auto a = part.counts.view().row_values(i), b = cells.counts.view().row_values(row);
      CHECK(std::equal(a.begin(), a.end(), b.begin(), b.end()));
      all.insert(part.cell_names[to_size(i)]);
    }
  }
  CHECK(all.size() == 51);
}

TEST_CASE("LabelSample: a label of fewer cells than asked for gives all it has, every part") {
  const CellTable cells = draw(400, 3).train;
  LabelSample sample = sampler(cells);
  add(sample, cells, 0, 40);
  const std::vector<Index> many = {1000, 1000, 1000};
  CHECK(Index(names(sample, 5, many).size()) == std::min<Index>(30, sample.count(0)) +
                                                    std::min<Index>(20, sample.count(1)) +
                                                    std::min<Index>(10, sample.count(2)));
}

TEST_CASE("LabelSample: every cell is as likely as any other of its label") {
  const CellTable cells = draw(120, 4).train;
  const Categorical labels = cells.obs("cell_type");
  std::vector<double> kept(120, 0.0);
  constexpr int runs = 400;
  for (int r = 0; r < runs; ++r) {
    LabelSample sample = sampler(cells, std::uint64_t(r) + 10);
    add(sample, cells, 0, 120);
    for (const std::string& name : names(sample, 0, most)) kept[std::stoul(name.substr(5))] += 1.0 / runs;
  }
  for (std::size_t i = 0; i < 120; ++i) {
    const std::size_t l = std::size_t(labels.codes[i]);
    const double share = std::min(1.0, double(most[l]) / double(labels.count(int(l))));
    CHECK(kept[i] == Approx(share).margin(0.11));  // four deviations and more
  }
}

TEST_CASE("LabelSample: wrong calls") {
  const CellTable cells = draw(60, 5).train;
  CHECK_THROWS_AS(LabelSample({"a"}, {1, 2}, Rng(1)), std::invalid_argument);
  LabelSample sample = sampler(cells);
  CHECK_THROWS_AS(sample.add(cells, std::vector<int>{0}, 0), std::invalid_argument);
  add(sample, cells, 0, 60);
  CellTable other = cells;
  other.gene_names[0] = "other";
  CHECK_THROWS_AS(sample.add(other, other.obs("cell_type").codes, 60), std::invalid_argument);
  CHECK_THROWS_AS(sample.merge(sampler(cells, 8)), std::invalid_argument);
}
