#include <latentcell/data/latent_table.hpp>

#include <set>
#include <vector>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

LatentTable cells(Index n) {
  LatentTable t;
  t.mean.resize(n, 2);
  for (Index i = 0; i < n; ++i) t.mean.row(i) << float(i), -float(i);
  return t;
}

}  // namespace

TEST_CASE("LatentBatches: an epoch hands out every chosen cell once, with its own latent") {
  const LatentTable table = cells(10);
  LatentBatches source(table, {.batch = 4, .rows = {1, 3, 5, 7, 9, 0}});
  CHECK(source.batches() == 2);
  Rng rng(1);
  source.begin_epoch(rng);
  LatentBatch batch;
  std::multiset<Index> seen;
  while (source.next(batch)) {
    for (Index b = 0; b < batch.size(); ++b) {
      seen.insert(batch.cell[to_size(b)]);
      CHECK(batch.z(b, 0) == float(batch.cell[to_size(b)]));
    }
  }
  CHECK(seen == std::multiset<Index>{0, 1, 3, 5, 7, 9});
}

TEST_CASE("LatentBatches: with a deviation each epoch draws anew, with its mean and spread") {
  LatentTable table = cells(2000);
  table.mean.setConstant(3.0f);
  table.deviation = Matrix<float>::Constant(2000, 2, 0.5f);
  LatentBatches source(table, {.batch = 2000});
  Rng rng(2);
  LatentBatch batch;
  source.begin_epoch(rng);
  REQUIRE(source.next(batch));
  const Matrix<float> first = batch.z;
  CHECK(double(first.mean()) == Approx(3.0).margin(0.03));
  CHECK(double((first.array() - first.mean()).square().mean()) == Approx(0.25).margin(0.02));
  source.begin_epoch(rng);
  REQUIRE(source.next(batch));
  CHECK((first - batch.z).norm() > 1.0f);
}

TEST_CASE("LatentBatches: minibatches that are skipped leave the draws of the others as they are") {
  LatentTable table = cells(10);
  table.deviation = Matrix<float>::Constant(10, 2, 0.5f);
  LatentBatches source(table, {.batch = 4});
  const auto rest = [&](Index skipped) {
    Rng rng(1);
    source.begin_epoch(rng);
    LatentBatch batch;
    std::vector<float> out;
    source.skip(skipped);
    while (source.next(batch)) out.insert(out.end(), batch.z.data(), batch.z.data() + batch.z.size());
    return out;
  };
  const std::vector<float> whole = rest(0);
  REQUIRE(whole.size() == 20);
  CHECK(rest(1) == std::vector<float>(whole.begin() + 8, whole.end()));
  CHECK(rest(2) == std::vector<float>(whole.begin() + 16, whole.end()));
  CHECK(rest(3).empty());
}
