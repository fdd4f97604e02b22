#include <cmath>
#include <set>

#include <latentcell/data/block_order.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

/// Cells of a lane in the order of an epoch.
std::vector<Index> lane_order(const BlockOrder& order, Index lane) {
  std::vector<Index> out;
  for (Index w = 0; w < order.windows(lane); ++w) {
    const BlockOrder::Window window = order.window(lane, w);
    CHECK(Index(out.size()) == order.window_starts(lane).at(to_size(w)));
    CHECK(std::is_sorted(window.cell.begin(), window.cell.end()));
    for (const Index at : window.order) out.push_back(window.cell.at(to_size(at)));
  }
  CHECK(Index(out.size()) == order.lane_cells(lane));
  CHECK(Index(out.size()) == order.window_starts(lane).back());
  return out;
}

}  // namespace

TEST_CASE("BlockOrder: an epoch holds every cell once, in any lanes, blocks and windows") {
  Rng rng(1);
  for (const Index cells : {1, 2, 63, 64, 65, 1000, 1024}) {
    for (const Index block : {1, 7, 64}) {
      for (const Index window : {1, 20, 200, 100000}) {
        for (const Index lanes : {1, 2, 5}) {
          if (lanes > (cells + block - 1) / block) continue;
          CAPTURE(cells, block, window, lanes);
          BlockOrder order(cells, {.block = block, .window = window, .lanes = lanes});
          std::vector<Index> lengths;
          for (int epoch = 0; epoch < 3; ++epoch) {
            (void)order.begin(rng);
            std::vector<Index> all, now;
            for (Index lane = 0; lane < lanes; ++lane) {
              const std::vector<Index> of_lane = lane_order(order, lane);
              all.insert(all.end(), of_lane.begin(), of_lane.end());
              now.push_back(Index(of_lane.size()));
            }
            std::sort(all.begin(), all.end());
            REQUIRE(Index(all.size()) == cells);
            for (Index i = 0; i < cells; ++i) REQUIRE(all[to_size(i)] == i);
            if (epoch > 0) CHECK(now == lengths);
            lengths = now;
          }
        }
      }
    }
  }
}

TEST_CASE("BlockOrder: equal generators give equal orders, others do not") {
  BlockOrder a(500, {.block = 8, .window = 100, .lanes = 2}), b(500, {.block = 8, .window = 100, .lanes = 2});
  Rng one(3), same(3);
  (void)a.begin(one);
  (void)b.begin(same);
  CHECK(one.state() == same.state());
  CHECK(lane_order(a, 0) == lane_order(b, 0));
  CHECK(lane_order(a, 1) == lane_order(b, 1));
  const std::vector<Index> before = lane_order(a, 0);
  (void)a.begin(one);
  CHECK(lane_order(a, 0) != before);
}

TEST_CASE("BlockOrder: a window of all cells is a plain shuffle") {
  Rng rng(4), same(4);
  BlockOrder order(130, {.block = 16, .window = 130});
  Rng rest = order.begin(rng);
  std::vector<Index> expected(130);
  std::iota(expected.begin(), expected.end(), Index(0));
  Rng own = same.fork();
  shuffle(std::span<Index>(expected), own);
  CHECK(order.windows(0) == 1);
  CHECK(lane_order(order, 0) == expected);
  CHECK(rest.state() == own.fork().state());
}

TEST_CASE("BlockOrder: an ordered pass is in order") {
  BlockOrder order(100, {.block = 8, .window = 30, .lanes = 3});
  Rng rng(5);
  (void)order.begin(rng);
  CHECK(order.lanes() == 3);
  order.begin_ordered();
  CHECK(order.lanes() == 1);
  const std::vector<Index> all = lane_order(order, 0);
  CHECK(std::is_sorted(all.begin(), all.end()));
}

TEST_CASE("BlockOrder: a window reads few stretches of cells") {
  BlockOrder order(10000, {.block = 50, .window = 1000});
  Rng rng(6);
  (void)order.begin(rng);
  const std::vector<Index> cell = order.window(0, 3).cell;
  int stretches = 1;
  for (std::size_t i = 1; i < cell.size(); ++i) stretches += cell[i] != cell[i - 1] + 1;
  CHECK(cell.size() == 1000);
  CHECK(stretches <= 20);
}

TEST_CASE("BlockOrder: every cell comes at every turn equally often, by chi-square") {
  constexpr Index cells = 24;
  constexpr int epochs = 12000;
  BlockOrder order(cells, {.block = 4, .window = 8});
  Rng rng(7);
  std::vector<int> count(cells * cells, 0);
  for (int epoch = 0; epoch < epochs; ++epoch) {
    (void)order.begin(rng);
    Index turn = 0;
    for (Index w = 0; w < order.windows(0); ++w) {
      const BlockOrder::Window window = order.window(0, w);
      for (const Index at : window.order) ++count[to_size(window.cell[to_size(at)] * cells + turn++)];
    }
  }
  const double expected = double(epochs) / double(cells);
  double chi_square = 0;
  for (const int n : count) chi_square += (n - expected) * (n - expected) / expected;
  const double freedom = double((cells - 1) * (cells - 1));
  CHECK(std::abs(chi_square - freedom) < 5 * std::sqrt(2 * freedom));
}

TEST_CASE("shuffle_variance_bound: bounds what minibatches of sorted cells vary") {
  // Cells of a block are equal, so their likeness is 1.
  constexpr Index cells = 4096, block = 8, batch = 16, window = 256;
  Rng rng(8);
  std::vector<double> value;
  for (Index i = 0; i < cells / block; ++i) value.insert(value.end(), block, rng.normal());
  const auto variance_of_means = [&](Index of_window) {
    BlockOrder order(cells, {.block = block, .window = of_window});
    double sum = 0, squares = 0;
    Index n = 0;
    for (int epoch = 0; epoch < 60; ++epoch) {
      (void)order.begin(rng);
      double mean = 0;
      Index turn = 0;
      for (const Index cell : lane_order(order, 0)) {
        mean += value[to_size(cell)] / double(batch);
        if (++turn % batch != 0) continue;
        sum += mean, squares += mean * mean, ++n;
        mean = 0;
      }
    }
    return (squares - sum * sum / double(n)) / double(n - 1);
  };
  const double ratio = variance_of_means(window) / variance_of_means(cells);
  const double bound = shuffle_variance_bound({.cells = cells, .batch = batch, .block = block, .window = window});
  CHECK(std::abs(bound - (1 + 15.0 * 7 / 255)) < 1e-12);
  CHECK(ratio > 1.2);
  CHECK(ratio < 1.05 * bound);
  CHECK(shuffle_variance_bound({.cells = cells, .batch = batch, .block = block, .window = cells}) == 1);
  CHECK(shuffle_variance_bound({.cells = cells, .batch = 128, .block = 64, .window = 2048}, 0.5) < 3);
}

TEST_CASE("BlockOrder: bad input is named") {
  REQUIRE_THROWS_WITH(BlockOrder(0), ContainsText("there are no cells"));
  REQUIRE_THROWS_WITH(BlockOrder(10, {.block = 0}), ContainsText("block must be at least 1, got 0"));
  REQUIRE_THROWS_WITH(BlockOrder(10, {.block = 5, .lanes = 3}), ContainsText("3 lanes for 2 blocks of 5 cells"));
  REQUIRE_THROWS_WITH(BlockOrder(10).window(0, 1), ContainsText("window 1 of 1"));
  REQUIRE_THROWS_WITH(shuffle_variance_bound({.cells = 10}), ContainsText("needs a batch"));
}
