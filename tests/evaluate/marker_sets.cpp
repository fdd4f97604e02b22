#include <set>

#include <latentcell/data/simulate.hpp>
#include <latentcell/evaluate/marker_sets.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

// Cells of three labels; genes 3 l and 3 l + 1 are five times as frequent in label l, the last gene is the same in all.
CellTable planted(Index cells) {
  Rng rng(4);
  CellTable out;
  for (int g = 0; g < 10; ++g) out.gene_names.push_back("g" + std::to_string(g));
  out.counts = Counts(10);
  for (Index i = 0; i < cells; ++i) {
    for (int g = 0; g < 10; ++g) {
      const bool marker = g < 9 && g / 3 == int(i % 3) && g % 3 < 2;
      const float count = float(rng.below(marker ? 20 : 4));
      if (count > 0) out.counts.push(g, count);
    }
    out.counts.end_row();
  }
  out.cell_columns = Annotation(cells);
  return out;
}

Categorical three(Index cells) {
  Categorical out{{"a", "b", "c"}, {}};
  for (Index i = 0; i < cells; ++i) out.codes.push_back(int(i % 3));
  return out;
}

}  // namespace

TEST_CASE("marker_sets: planted markers come first") {
  const std::vector<NamedGenes> sets = evaluate::marker_sets(planted(90), three(90), 2);
  REQUIRE(sets.size() == 3);
  for (int l = 0; l < 3; ++l) {
    CHECK(sets[std::size_t(l)].name == std::string(1, char('a' + l)));
    const std::set<std::string> found(sets[std::size_t(l)].genes.begin(), sets[std::size_t(l)].genes.end());
    CHECK(found == std::set<std::string>{"g" + std::to_string(3 * l), "g" + std::to_string(3 * l + 1)});
  }
}

TEST_CASE("marker_sets: labels of fewer than three cells have none, and cells without a label do not count") {
  Categorical labels = three(90);
  for (std::size_t i = 2; i < 90; i += 3) labels.codes[i] = i < 6 ? 2 : Categorical::missing;
  const std::vector<NamedGenes> sets = evaluate::marker_sets(planted(90), labels, 2);
  REQUIRE(sets.size() == 2);
  CHECK(sets[1].name == "b");
}
