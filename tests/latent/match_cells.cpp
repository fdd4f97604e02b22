#include <set>
#include <latentcell/latent/match_cells.hpp>

#include <algorithm>

#include "support/catch.hpp"
#include "small_models.hpp"

using namespace latentcell;

namespace {

// Latents of three kinds of cells on a line; the drug moves each by (0, 2).
LatentTable latents(Index n, std::uint64_t seed, bool doses) {
  Rng rng(seed);
  LatentTable out;
  out.mean.resize(n, 2);
  std::vector<std::string> type, what;
  std::vector<double> dose;
  for (Index i = 0; i < n; ++i) {
    const int kind = int(i % 3);
    const bool treated = i % 2 == 1;
    const double amount = !treated ? 0 : doses ? (i % 4 == 1 ? 0.5 : 1.0) : 1.0;
    out.mean(i, 0) = float(3 * kind + 0.4 * rng.normal());
    out.mean(i, 1) = float(2 * amount + 0.4 * rng.normal());
    type.push_back(text("type_", kind));
    what.push_back(treated ? "drug" : "none");
    dose.push_back(amount);
    out.library.push_back(500);
    out.cell_names.push_back(text("cell_", i));
  }
  out.cell_columns = labelled("type", to_categorical(type));
  out.cell_columns.set("what", to_categorical(what));
  out.cell_columns.set("dose", dose);
  return out;
}

}  // namespace

TEST_CASE("match_cells: pairs within a level, least total distance, every source about as often") {
  const LatentTable all = latents(120, 1, false);
  std::vector<Index> c, p;
  for (Index i = 0; i < 120; ++i) {
    if (i % 2 == 1)
      p.push_back(i);
    else if (i % 4 == 0)
      c.push_back(i);
  }
  const LatentTable from = all.select_cells(c), to = all.select_cells(p);
  Rng rng(1);
  const std::vector<Index> pairs = match_cells(from, to, "type", Matrix<float>::Zero(to.cells(), 1), rng);
  const Categorical a = from.cell_columns.labels("type"), b = to.cell_columns.labels("type");
  std::vector<int> used(to_size(from.cells()), 0);
  for (Index i = 0; i < to.cells(); ++i) {
    const Index row = pairs[to_size(i)];
    REQUIRE(row >= 0);
    CHECK(a.levels[std::size_t(a.codes[to_size(row)])] == b.levels[std::size_t(b.codes[to_size(i)])]);
    ++used[to_size(row)];
  }
  CHECK(*std::max_element(used.begin(), used.end()) == 2);
  CHECK(*std::min_element(used.begin(), used.end()) == 2);
}

TEST_CASE("match_cells: a shifted and permuted copy finds its originals, within levels") {
  const LatentTable from = small_models::latents(40);
  std::vector<Index> order(40);
  for (Index i = 0; i < 40; ++i) order[to_size(i)] = (7 * i + 3) % 40;
  LatentTable to = from.select_cells(order);
  to.mean.array() += 0.01f;
  Rng rng(1);
  const Matrix<float> values = Matrix<float>::Zero(40, 1);
  const std::vector<Index> found = match_cells(from, to, "type", values, rng);
  CHECK(found == order);
  CHECK(std::set<Index>(found.begin(), found.end()).size() == 40);
}

TEST_CASE("match_cells: what does not fit is named") {
  const LatentTable z = small_models::latents(6), wide = small_models::latents(6, 3);
  const LatentTable none = z.select_cells(std::vector<Index>{});
  Rng rng(1);
  const Matrix<float> values = Matrix<float>::Zero(6, 1);
  CHECK_THROWS_WITH(match_cells(none, z, "", values, rng), ContainsText("match_cells: there are no source cells"));
  CHECK_THROWS_WITH(match_cells(z, wide, "", values, rng), ContainsText("match_cells: latents of 2 and 3 dimensions"));
  CHECK_THROWS_WITH(match_cells(z, z, "", Matrix<float>::Zero(7, 1), rng),
                    ContainsText("condition values of 7 cells for 6 target cells"));
}
