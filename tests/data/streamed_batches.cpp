#include <stdexcept>
#include <thread>

#include <latentcell/data/streamed_batches.hpp>

#include "data/made_counts.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using data_tests::made_counts;

namespace {

/// A matrix as if it were in a file, which may break.
struct Reader {
  Counts all;
  Index broken_from = -1;
  Index rows_read = 0;
  int team = 0;  // threads that a reading thread may start
  Index cells() const { return all.rows(); }
  Index genes() const { return all.cols(); }
  void read(Index first, Index count, Counts& to) {
    rows_read += count;
    team = std::max(team, threads());
    if (broken_from >= 0 && first + count > broken_from) throw std::runtime_error("cells.h5ad: is cut short");
    to.clear(all.cols());
    for (Index i = 0; i < count; ++i) to.push_row(all, first + i);
  }
};

/// Everything of a minibatch, to compare.
struct Copy {
  std::vector<Index> cell;
  std::vector<float> library, input_library, values, input_values;
  std::vector<int> label, batch_covariate;
  explicit Copy(const CellBatch& b)
      : cell(b.cell.begin(), b.cell.end()),
        library(b.library.begin(), b.library.end()),
        input_library(b.input_library.begin(), b.input_library.end()),
        values(b.counts.first_value(), b.counts.first_value() + b.counts.nonzeros()),
        input_values(b.input.first_value(), b.input.first_value() + b.input.nonzeros()),
        label(b.label.begin(), b.label.end()),
        batch_covariate(b.batch_covariate.begin(), b.batch_covariate.end()) {}
  bool operator==(const Copy&) const = default;
};

template <class Source>
std::vector<Copy> pass(Source& source) {
  std::vector<Copy> out;
  for (CellBatch batch; source.next(batch);) out.emplace_back(batch);
  return out;
}

template <class Source>
std::vector<Copy> epoch(Source& source, Rng& rng) {
  source.begin_epoch(rng);
  return pass(source);
}

std::vector<Index> cells_of(const std::vector<Copy>& batches) {
  std::vector<Index> out;
  for (const Copy& b : batches) out.insert(out.end(), b.cell.begin(), b.cell.end());
  return out;
}

/// Memory for windows of about so many cells of these counts.
Index memory_for(const Counts& m, Index cells) {
  return Index(2 * double(cells) / 0.9 * bytes_per_cell(double(m.nonzeros()) / double(m.rows()))) + 1;
}

constexpr Index cells = 3001, genes = 60;

CellBatchesOptions options_of_table() {
  CellBatchesOptions o{.batch = 50, .count_thinning = 0.6f};
  for (int i = 0; i < int(cells); ++i) {
    o.batch_covariate.push_back(i % 3 - 1);
    o.labels.push_back(i % 5 - 1);
  }
  o.rows.emplace();
  for (Index i = 0; i < cells; i += 1 + i % 3) o.rows->push_back(i);
  return o;
}

}  // namespace

TEST_CASE("StreamedBatches: with memory for all cells, minibatches are those of CellBatches, and cells are read once") {
  Reader reader{made_counts(cells, genes)};
  const CellBatchesOptions o = options_of_table();
  CellBatches whole(reader.all, o);
  StreamedBatches streamed(CountRows(reader), o);
  CHECK(streamed.size() == whole.size());
  CHECK(streamed.batches() == whole.batches());
  CHECK(streamed.genes() == genes);
  CHECK(pass(streamed) == pass(whole));
  const Index read = reader.rows_read;
  Rng a(1), b(1);
  for (int i = 0; i < 3; ++i) CHECK(epoch(streamed, a) == epoch(whole, b));
  CHECK(a.state() == b.state());
  CHECK(reader.rows_read == read);
  CHECK(shuffle_variance_bound(streamed.shape()) == 1);
}

TEST_CASE("StreamedBatches: in little memory an epoch holds every cell once, as it is in the table") {
  Reader reader{made_counts(cells, genes)};
  CellBatchesOptions o = options_of_table();
  o.count_thinning = 1;
  for (const Index lanes : {1, 2, 4}) {
    StreamedBatches streamed(CountRows(reader), o,
                             {.memory = memory_for(reader.all, 150 * lanes), .block = 10, .lanes = lanes});
    Rng rng(2);
    std::vector<Index> first;
    for (int round = 0; round < 2; ++round) {
      const std::vector<Copy> batches = epoch(streamed, rng);
      CHECK(Index(batches.size()) == streamed.batches());
      std::vector<Index> order = cells_of(batches);
      CHECK(order != first);
      first = order;
      std::sort(order.begin(), order.end());
      CHECK(order == *o.rows);
      for (const Copy& batch : batches) {
        std::vector<float> values;
        for (std::size_t i = 0; i < batch.cell.size(); ++i) {
          const auto row = reader.all.view().row_values(batch.cell[i]);
          values.insert(values.end(), row.begin(), row.end());
          REQUIRE(batch.library[i] == float(reader.all.view().row_sum(batch.cell[i])));
          REQUIRE(batch.label[i] == o.labels[to_size(batch.cell[i])]);
          REQUIRE(batch.batch_covariate[i] == o.batch_covariate[to_size(batch.cell[i])]);
        }
        REQUIRE(values == batch.values);
      }
    }
    CHECK(shuffle_variance_bound(streamed.shape()) > 1);
  }
}

TEST_CASE("StreamedBatches: a cell is thinned alike whatever the windows") {
  Reader reader{made_counts(400, genes)};
  const CellBatchesOptions o{.batch = 400, .count_thinning = 0.5f};
  StreamedBatches a(CountRows(reader), o, {.memory = memory_for(reader.all, 100), .block = 10});
  StreamedBatches b(CountRows(reader), o, {.memory = memory_for(reader.all, 100), .block = 10});
  Rng one(3), same(3);
  CHECK(epoch(a, one) == epoch(b, same));
  const std::vector<Copy> again = epoch(a, one);
  CHECK(again.front().input_library.size() == 400);
  CHECK(again != epoch(b, one));
}

TEST_CASE("StreamedBatches: an epoch cut short goes on where it stopped and reads no window before") {
  Reader reader{made_counts(2000, genes)};
  const StreamOptions stream{.memory = memory_for(reader.all, 200), .block = 10};
  for (const Index lanes : {1, 3}) {
    StreamOptions with = stream;
    with.lanes = lanes;
    with.memory *= lanes;
    StreamedBatches source(CountRows(reader), {.batch = 32}, with), other(CountRows(reader), {.batch = 32}, with);
    Rng rng(4), again(4);
    const std::vector<Copy> whole = epoch(source, rng);
    source.begin_epoch(rng);
    other.begin_epoch(again);
    Index position = 0;
    for (std::size_t i = 0; i < 50; ++i) position += Index(whole[i].cell.size());
    reader.rows_read = 0;
    other.skip_to(position);
    CHECK(other.position() == position);
    CHECK(pass(other) == std::vector<Copy>(whole.begin() + 50, whole.end()));
    CHECK(reader.rows_read < 900);
    Rng third(4);
    other.begin_epoch(third);
    std::vector<Copy> every_third;
    for (CellBatch b; other.next(b); other.skip(2)) every_third.emplace_back(b);
    for (std::size_t i = 0; i < every_third.size(); ++i) CHECK(every_third[i] == whole[3 * i]);
    CHECK(every_third.size() == (whole.size() + 2) / 3);
  }
}

TEST_CASE("StreamedBatches: an ordered pass follows the rows that were given") {
  Reader reader{made_counts(500, genes)};
  const std::vector<Index> rows{499, 2, 7, 11, 300, 301, 302};
  StreamedBatches source(CountRows(reader), {.batch = 2, .rows = rows}, {.memory = 4096, .block = 2});
  CHECK(cells_of(pass(source)) == rows);
  Rng rng(5);
  (void)epoch(source, rng);
  source.begin_ordered();
  CHECK(cells_of(pass(source)) == rows);
}

TEST_CASE("StreamedBatches: what the reading thread throws, next throws; nothing hangs") {
  Reader reader{made_counts(2000, genes)};
  {
    StreamedBatches source(CountRows(reader), {.batch = 32}, {.memory = memory_for(reader.all, 200), .block = 10});
    CHECK(source.batches() == 63);
    reader.broken_from = 1000;
    Rng rng(6);
    REQUIRE_THROWS_WITH(epoch(source, rng), ContainsText("is cut short"));
    REQUIRE_THROWS_WITH(epoch(source, rng), ContainsText("is cut short"));
    reader.broken_from = -1;
    CHECK(epoch(source, rng).size() == 63);
    source.begin_epoch(rng);
    CellBatch batch;
    source.next(batch);  // destroyed while the next window is read
  }
  SECTION("and it starts no team of threads") {
    Reader fresh{made_counts(2000, genes)};
    StreamedBatches source(CountRows(fresh), {.batch = 32}, {.memory = memory_for(fresh.all, 200), .block = 10});
    Rng rng(7);
    source.begin_epoch(rng);
    CellBatch batch;
    source.next(batch);  // the first window is read here, the others by the thread
    fresh.team = 0;
    while (source.next(batch)) {
    }
    CHECK(fresh.team == 1);
  }
}

TEST_CASE("StreamedBatches: moves, with what it reads meanwhile") {
  Reader reader{made_counts(1000, genes)};
  StreamedBatches source(CountRows(reader), {.batch = 32}, {.memory = memory_for(reader.all, 100), .block = 10});
  Rng rng(8);
  source.begin_epoch(rng);
  CellBatch batch;
  source.next(batch);
  StreamedBatches moved = std::move(source);
  CHECK(cells_of(pass(moved)).size() == 1000 - 32);
}

TEST_CASE("window_cells: two windows take the memory, or one all cells") {
  CHECK(window_cells(1000, 100, {.memory = Index(1) << 30}) == 1000);
  const Index w = window_cells(10000000, 400, {});
  CHECK(2 * double(w) * bytes_per_cell(400) < double(Index(1) << 30));
  CHECK(w > 131072);
  CHECK(window_cells(10000000, 400, {.lanes = 4}) == w / 4);
  CHECK(window_cells(10000000, 1e9, {}) == 256);
}

TEST_CASE("StreamedBatches: bad input is named") {
  const Counts m = made_counts(5, 5);
  REQUIRE_THROWS_WITH(StreamedBatches(m, {.batch = 1}), ContainsText("batch must be at least 2, got 1"));
  REQUIRE_THROWS_WITH(StreamedBatches(m, {.rows = std::vector<Index>{5}}),
                      ContainsText("row 5 of a table with 5 cells"));
  REQUIRE_THROWS_WITH(StreamedBatches(m, {.labels = {1}}), ContainsText("1 labels for 5 cells"));
  REQUIRE_THROWS_WITH(StreamedBatches(m, {}, {.memory = 1}), ContainsText("memory must be at least 4096, got 1"));
  StreamedBatches source(m, {.batch = 2}, {.block = 1, .lanes = 2});
  Rng rng(9);
  source.begin_epoch(rng);
  REQUIRE_THROWS_WITH(source.skip_to(6), ContainsText("position 6 of an epoch of 5 cells"));
  REQUIRE_THROWS_WITH(source.skip_to(1), ContainsText("within a minibatch"));
}
