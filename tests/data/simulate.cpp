#include <cmath>

#include <latentcell/core/threads.hpp>
#include <latentcell/data/filter.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/metric/pearson.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

// No types, batch effects or factors that differ: every cell has the base shares.
SimulateOptions plain(double dispersion) {
  return {.genes = 40,
          .types = 1,
          .factors = 0,
          .library = 200,
          .library_spread = 0,
          .type_library_spread = 0,
          .gene_spread = 1,
          .marker_share = 0,
          .dispersion = dispersion};
}

bool same(const CellTable& a, const CellTable& b) {
  const auto equal = [](auto x, auto y) { return std::equal(x.begin(), x.end(), y.begin(), y.end()); };
  return equal(a.counts.row_start(), b.counts.row_start()) && equal(a.counts.columns(), b.counts.columns()) &&
         equal(a.counts.values(), b.counts.values()) && a.obs("cell_type") == b.obs("cell_type");
}

}  // namespace

TEST_CASE("simulate: by default nine entries in ten are zero, and the table is whole") {
  Rng rng(1);
  const CellTable table = simulate({.cells = 600}, rng);
  table.check();
  const double zeros = 1 - double(table.counts.nonzeros()) / (600.0 * 1000.0);
  CHECK(zeros > 0.85);
  CHECK(zeros < 0.94);
  for (float v : table.counts.values()) REQUIRE((v >= 1 && v == std::floor(v)));
  CHECK(table.embeddings.at("factors").cols() == 3);
  CHECK(table.gene_columns.has("theta"));
}

TEST_CASE("simulate: one seed gives one table, whatever the number of threads") {
  const int before = threads();
  set_threads(1);
  Rng a(2), b(2), c(3);
  const CellTable one = simulate({.cells = 300, .genes = 50}, a);
  set_threads(4);
  const CellTable four = simulate({.cells = 300, .genes = 50}, b);
  set_threads(before);
  CHECK(same(one, four));
  CHECK(!same(one, simulate({.cells = 300, .genes = 50}, c)));
}

TEST_CASE("simulate: types have their shares, at least one cell each") {
  Rng rng(4);
  const Categorical type = simulate({.cells = 120, .genes = 5, .types = 3}, rng).obs("cell_type");
  // 1 : 1/2 : 1/3 of the 117 cells beyond one each
  CHECK(std::abs(type.count(0) - 65) <= 1);
  CHECK(std::abs(type.count(1) - 33) <= 1);
  CHECK(std::abs(type.count(2) - 22) <= 1);
  const Categorical rare = simulate({.cells = 9, .genes = 5, .types = 8, .type_skew = 4}, rng).obs("cell_type");
  for (int t = 0; t < 8; ++t) CHECK(rare.count(t) >= 1);
  const Categorical few = simulate({.cells = 2, .genes = 5, .types = 8}, rng).obs("cell_type");
  CHECK(few.size() == 2);
  const Categorical even = simulate({.cells = 100, .genes = 5, .types = 4, .type_skew = 0}, rng).obs("cell_type");
  for (int t = 0; t < 4; ++t) CHECK(even.count(t) == 25);
}

TEST_CASE("SimulatedTissue: genes have negative binomial mean and variance") {
  Rng rng(5);
  const SimulatedTissue tissue(plain(0.5), rng);
  constexpr Index cells = 20000;
  const CellTable table = tissue.draw(cells, rng);
  const auto& share = std::get<std::vector<double>>(table.gene_columns.get("base_share"));
  std::vector<double> sum(40), squares(40);
  for (Index b = 0; b < cells; ++b) {
    for (std::size_t k = 0; k < table.counts.view().row_values(b).size(); ++k) {
      const std::size_t g = std::size_t(table.counts.view().row_columns(b)[k]);
      const double v = double(table.counts.view().row_values(b)[k]);
      sum[g] += v;
      squares[g] += v * v;
    }
  }
  for (std::size_t g = 0; g < 40; ++g) {
    const double mu = 200 * share[g], variance = mu + mu * mu / tissue.theta()[g], mean = sum[g] / cells;
    CHECK(std::abs(mean - mu) < 5 * std::sqrt(variance / cells));
    // Fourth moments of skewed genes are large: a fifth is about five standard errors here.
    CHECK(squares[g] / cells - mean * mean == Approx(variance).epsilon(0.2));
  }
}

TEST_CASE("SimulatedTissue: dropout loses its share of counts") {
  SimulateOptions options = plain(0.01);
  Rng a(6), b(6);
  const SimulatedTissue kept(options, a);
  options.dropout = 0.3;
  const SimulatedTissue lost(options, b);
  const double all = double(kept.draw(3000, a).counts.nonzeros()), some = double(lost.draw(3000, b).counts.nonzeros());
  CHECK(some / all == Approx(0.7).epsilon(0.02));
}

TEST_CASE("SimulatedTissue: cell sizes scatter around the library as asked") {
  SimulateOptions options = plain(0.1);
  options.library_spread = 0.5;
  Rng rng(7);
  const CellTable table = SimulatedTissue(options, rng).draw(5000, rng);
  double sum = 0, squares = 0;
  for (double l : std::get<std::vector<double>>(table.cell_columns.get("library"))) {
    sum += std::log(l);
    squares += std::log(l) * std::log(l);
  }
  CHECK(sum / 5000 == Approx(std::log(200)).epsilon(0.01));
  CHECK(std::sqrt(squares / 5000 - sum * sum / 25e6) == Approx(0.5).epsilon(0.05));
}

TEST_CASE("SimulatedTissue: types and the batch covariate move expression") {
  // Distance between mean log shares of groups, with all but one source of variation switched off.
  const auto spread = [](SimulateOptions options, const char* column) {
    options.genes = 60;
    options.library = 2000;
    options.dispersion = 0.01;
    Rng rng(8);
    const CellTable table = SimulatedTissue(options, rng).draw(400, rng);
    const Categorical group = table.obs(column);
    std::vector<double> sum(2 * 60);
    for (Index b = 0; b < 400; ++b) {
      const auto columns = table.counts.view().row_columns(b);
      const double total = table.counts.view().row_sum(b) * double(group.count(group.codes[to_size(b)]));
      for (std::size_t k = 0; k < columns.size(); ++k) {
        sum[std::size_t(group.codes[to_size(b)]) * 60 + std::size_t(columns[k])] +=
            double(table.counts.view().row_values(b)[k]) / total;
      }
    }
    double distance = 0;
    for (std::size_t g = 0; g < 60; ++g) distance += std::abs(sum[g] - sum[60 + g]);
    return distance;
  };
  const SimulateOptions types{.types = 2, .factors = 0},
      batch_effects{.types = 1, .batch_covariate_levels = 2, .factors = 0};
  SimulateOptions no_markers = types, no_batch_effects = batch_effects;
  no_markers.marker_share = 0;
  no_batch_effects.batch_effect_strength = 0;
  CHECK(spread(types, "cell_type") > 5 * spread(no_markers, "cell_type"));
  CHECK(spread(batch_effects, "batch") > 5 * spread(no_batch_effects, "batch"));
}

TEST_CASE("SimulatedTissue: types differ in size as asked") {
  SimulateOptions options = plain(0.1);
  options.types = 40;
  options.type_skew = 0;
  options.type_library_spread = 0.7;
  Rng rng(10);
  const CellTable table = SimulatedTissue(options, rng).draw(400, rng);
  const Categorical type = table.obs("cell_type");
  const auto& library = std::get<std::vector<double>>(table.cell_columns.get("library"));
  std::vector<double> size(40);
  for (std::size_t b = 0; b < 400; ++b) size[std::size_t(type.codes[b])] = std::log(library[b]);
  double sum = 0, squares = 0;
  for (double s : size) {
    sum += s;
    squares += s * s;
  }
  CHECK(std::sqrt(squares / 40 - sum * sum / 1600) == Approx(0.7).epsilon(0.4));  // four standard errors
  for (std::size_t b = 0; b < 400; ++b) REQUIRE(library[b] == Approx(std::exp(size[std::size_t(type.codes[b])])));
}

TEST_CASE("SimulatedTissue: a factor correlates genes within a type, in proportion to its value") {
  SimulateOptions options = plain(0.01);
  options.factors = 1;
  options.factor_strength = 0.5;
  options.library = 4000;
  Rng rng(11);
  const CellTable table = SimulatedTissue(options, rng).draw(1000, rng);
  const Matrix<float>& factor = table.embeddings.at("factors");
  // Share of the variance of each gene's logarithm that the factor explains; the strongest genes show it.
  double best = 0;
  for (Index g = 0; g < 40; ++g) {
    double x = 0, y = 0, xx = 0, yy = 0, xy = 0;
    for (Index b = 0; b < 1000; ++b) {
      double count = 0;
      const auto columns = table.counts.view().row_columns(b);
      for (std::size_t k = 0; k < columns.size(); ++k) {
        if (columns[k] == g) count = double(table.counts.view().row_values(b)[k]);
      }
      const double f = double(factor(b, 0)), v = std::log1p(count);
      x += f, y += v, xx += f * f, yy += v * v, xy += f * v;
    }
    const double covariance = xy - x * y / 1000;
    best = std::max(best, covariance * covariance / ((xx - x * x / 1000) * (yy - y * y / 1000)));
  }
  CHECK(best > 0.8);
}

TEST_CASE("SimulatedTissue: fresh cells come from the same tissue") {
  Rng rng(9);
  const SimulatedTissue tissue({.genes = 30, .factors = 0}, rng);
  const CellTable a = tissue.draw(100, rng), b = tissue.draw(100, rng);
  CHECK(std::get<std::vector<double>>(a.gene_columns.get("base_share")) ==
        std::get<std::vector<double>>(b.gene_columns.get("base_share")));
  CHECK(!same(a, b));
  CHECK(a.embeddings.empty());
}

TEST_CASE("simulate: bad input is named") {
  Rng rng(1);
  REQUIRE_THROWS_WITH(simulate({.genes = 0}, rng), ContainsText("simulate: genes must be at least 1, got 0"));
  REQUIRE_THROWS_WITH(simulate({.library = 0}, rng), ContainsText("library must be above 0, got 0"));
  REQUIRE_THROWS_WITH(simulate({.dropout = 1}, rng), ContainsText("dropout must be in [0, 1), got 1"));
  REQUIRE_THROWS_WITH(simulate({.cells = 0}, rng), ContainsText("cells must be at least 1, got 0"));
}

TEST_CASE("simulate: perturbed cells differ by their genes' effects, in proportion to the dose; combinations add up") {
  Rng rng(3);
  const SimulatedTissue tissue({.genes = 200,
                                .types = 2,
                                .factors = 0,
                                .library = 5000,
                                .type_skew = 0,
                                .perturbations = 2,
                                .combinations = true,
                                .doses = true,
                                .response_spread = 0},
                               rng);
  const CellTable cells = tissue.draw(6000, rng);
  CHECK(tissue.perturbation_embedding().rows() == 2);
  const Categorical what = cells.obs("condition"), type = cells.obs("cell_type");
  const auto& dose = std::get<std::vector<double>>(cells.cell_columns.get("dose"));
  CHECK(what.list().find("gene_1+gene_2") != std::string::npos);
  // Log share of each gene over the cells of type 1 under a condition and dose.
  const auto levels = [&](const std::string& name, double at) {
    std::vector<double> sum(200, 0.0);
    double total = 0;
    for (Index i = 0; i < cells.cells(); ++i) {
      const std::size_t c = to_size(i);
      if (type.codes[c] != 0 || what.levels[std::size_t(what.codes[c])] != name || dose[c] != at) continue;
      for (std::size_t k = 0; k < cells.counts.view().row_columns(i).size(); ++k) {
        sum[std::size_t(cells.counts.view().row_columns(i)[k])] += double(cells.counts.view().row_values(i)[k]);
        total += double(cells.counts.view().row_values(i)[k]);
      }
    }
    REQUIRE(total > 0);
    for (double& v : sum) v = std::log(v + 1);
    return sum;
  };
  const auto none = levels("control", 0), one = levels("gene_1", 1), half = levels("gene_1", 0.5),
             two = levels("gene_2", 1), both = levels("gene_1+gene_2", 1);
  double full_by_half = 0, square = 0, sum_by_both = 0, both_square = 0;
  double level[5] = {0, 0, 0, 0, 0};  // how many cells: means of the logs
  for (std::size_t g = 0; g < 200; ++g) {
    const double at[5] = {none[g], one[g], half[g], two[g], both[g]};
    for (int k = 0; k < 5; ++k) level[k] += at[k] / 200;
  }
  for (std::size_t g = 0; g < 200; ++g) {
    const double zero = none[g] - level[0], full = one[g] - level[1] - zero, part = half[g] - level[2] - zero;
    const double second = two[g] - level[3] - zero, joint = both[g] - level[4] - zero;
    if (std::min({none[g], one[g], half[g], two[g], both[g]}) < std::log(300.0)) continue;  // too rare to tell
    full_by_half += full * part, square += full * full;
    sum_by_both += joint * (full + second), both_square += (full + second) * (full + second);
  }
  CHECK(square > 1);
  CHECK(full_by_half / square == Approx(0.5).margin(0.15));
  CHECK(sum_by_both / both_square == Approx(1).margin(0.2));
}

TEST_CASE("SimulatedTissue: of a response, types share as much as asked for") {
  const auto correlation = [](double shared) {
    Rng rng(3);
    const SimulateOptions o{.genes = 400,
                            .types = 2,
                            .library = 4000,
                            .gene_spread = 0.5,
                            .perturbations = 1,
                            .perturbation_strength = 2,
                            .shared_response = shared};
    const SimulatedTissue tissue(o, rng);
    const auto logs = [&](const char* condition, int type) {
      const CellTable drawn = tissue.draw_under(condition, 1, 600, rng);
      const std::vector<int> codes = drawn.obs("cell_type").codes;
      std::vector<double> sum(400, 0.5);
      double total = 0;
      for (Index i = 0; i < 600; ++i) {
        for (std::size_t k = 0; codes[to_size(i)] == type && k < drawn.counts.view().row_columns(i).size(); ++k) {
          sum[std::size_t(drawn.counts.view().row_columns(i)[k])] += double(drawn.counts.view().row_values(i)[k]);
          total += double(drawn.counts.view().row_values(i)[k]);
        }
      }
      for (double& s : sum) s = std::log(s / total);
      return sum;
    };
    std::vector<double> change[2];
    for (int type = 0; type < 2; ++type) {
      const std::vector<double> before = logs("control", type), after = logs("gene_1", type);
      for (std::size_t g = 0; g < 400; ++g) change[type].push_back(after[g] - before[g]);
    }
    return metric::pearson(change[0], change[1]);
  };
  const double shared = correlation(1), half = correlation(0.5), own = correlation(0);
  INFO("r of the changes " << shared << ", " << half << ", " << own);
  CHECK(shared > 0.9);
  CHECK(half == Approx(0.5).margin(0.2));
  CHECK(std::abs(own) < 0.2);
}

TEST_CASE("SimulatedTissue: cells drawn under one treatment are those that the table has of it, in law") {
  Rng rng(3);
  const SimulatedTissue tissue(
      {.genes = 50, .types = 2, .library = 3000, .gene_spread = 0.3, .perturbations = 2, .doses = true}, rng);
  const CellTable none = tissue.draw_under("control", 0, 400, rng), all = tissue.draw(4000, rng);
  CHECK(none.obs("condition").levels == std::vector<std::string>{"control"});
  const auto share = [&](const CellTable& cells, const std::string& name, double at, std::size_t gene) {
    double sum = 0, total = 0;
    const Categorical what = cells.obs("condition");
    const auto& dose = std::get<std::vector<double>>(cells.cell_columns.get("dose"));
    for (Index i = 0; i < cells.cells(); ++i) {
      if (what.levels[std::size_t(what.codes[to_size(i)])] != name || dose[to_size(i)] != at) continue;
      for (std::size_t k = 0; k < cells.counts.view().row_columns(i).size(); ++k) {
        const double count = double(cells.counts.view().row_values(i)[k]);
        total += count;
        if (std::size_t(cells.counts.view().row_columns(i)[k]) == gene) sum += count;
      }
    }
    REQUIRE(total > 0);
    return sum / total;
  };
  const CellTable half = tissue.draw_under("gene_2", 0.5, 600, rng);
  for (const std::size_t gene : {std::size_t(0), std::size_t(10), std::size_t(20), std::size_t(30)}) {
    INFO("gene " << gene);
    CHECK(std::abs(share(half, "gene_2", 0.5, gene) / share(all, "gene_2", 0.5, gene) - 1) < 0.15);
    CHECK(std::abs(share(none, "control", 0, gene) / share(all, "control", 0, gene) - 1) < 0.15);
  }
  CHECK(tissue.draw_under("gene_1+gene_2", 1, 10, rng).cells() == 10);
  CHECK_THROWS_WITH(tissue.draw_under("gene_3", 1, 10, rng), ContainsText("condition 'gene_3' is neither 'control'"));
  CHECK_THROWS_WITH(tissue.draw_under("gene_1", 1, 0, rng), ContainsText("cells must be positive, got 0"));
}
