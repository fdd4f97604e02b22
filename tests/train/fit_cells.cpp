#include <latentcell/autoencoder/pca_autoencoder.hpp>
#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/train/fit_cells.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

using Model = Vae<float, NegativeBinomial<float>>;
static_assert(StreamableCellModel<Model>);
static_assert(!StreamableCellModel<PcaAutoencoder<float, NegativeBinomial<float>>>);

/// A table as if it were in a file.
struct Reader {
  const CellTable& all;
  Index rows_read = 0;
  Index cells() const { return all.cells(); }
  Index genes() const { return all.genes(); }
  void read(Index first, Index count, Counts& to) {
    to.clear(genes());
    rows_read += count;
    for (Index i = 0; i < count; ++i) to.push_row(all.counts, first + i);
  }
};

StreamedTable streamed(Reader& reader, const StreamOptions& stream = {}) {
  StreamedTable out{CountRows(reader), reader.all, stream};
  out.header.counts = no_counts(reader.cells(), reader.genes());
  return out;
}

CellTable some_cells() {
  Rng rng(1);
  return simulate({.cells = 700, .genes = 80, .batch_covariate_levels = 2}, rng);
}

Model new_model(Prior prior = Prior::normal) {
  VaeOptions o;
  o.genes = 80;
  o.latent = 4;
  o.hidden = {16};
  o.batch_covariate_levels = 2;
  o.count_thinning = 0.7f;
  o.prior.kind = prior;
  Rng rng(2);
  return Model(o, rng);
}

bool same_weights(const Model& a, const Model& b) {
  std::vector<Matrix<float>> x, y;
  each_param(a, [&](const auto& p) { x.push_back(p.value); });
  each_param(b, [&](const auto& p) { y.push_back(p.value); });
  return x == y && a.reference.value == b.reference.value;
}

CellCovariates covariates_of(const CellTable& cells) { return {.batch_covariate = cells.obs("batch").codes}; }

}  // namespace

TEST_CASE("fit: streamed with memory for all cells, the weights are those of training in memory, to the bit") {
  const CellTable cells = some_cells();
  Reader reader{cells};
  const FitOptions options{.epochs = 3, .batch = 64, .validation = 0.2f, .seed = 5};
  for (const Prior prior : {Prior::normal, Prior::vamp}) {
    Model in_memory = new_model(prior), other = new_model(prior);
    const History a = fit(in_memory, cells, covariates_of(cells), options);
    const History b = fit(other, streamed(reader), covariates_of(cells), options);
    CHECK(same_weights(in_memory, other));
    CHECK(in_memory.gene_names == other.gene_names);
    REQUIRE(a.epochs.size() == b.epochs.size());
    for (std::size_t i = 0; i < a.epochs.size(); ++i) {
      CHECK(a.epochs[i].loss == b.epochs[i].loss);
      CHECK(a.epochs[i].validation == b.epochs[i].validation);
    }
    CHECK_FALSE(same_weights(in_memory, new_model(prior)));
  }
}

TEST_CASE("fit: streamed in little memory, it learns as well") {
  const CellTable cells = some_cells();
  Reader reader{cells};
  const double per_cell = bytes_per_cell(double(cells.counts.nonzeros()) / 700);
  const StreamOptions stream{.memory = Index(2 * 150 * per_cell / 0.9), .block = 16};
  CHECK(batches_over(streamed(reader, stream), {.batch = 32}).shape().window < 200);
  double in_memory = 0, with_stream = 0, untrained = 0;
  for (const std::uint64_t seed : {5u, 6u, 7u, 8u}) {
    const FitOptions options{.epochs = 20, .batch = 32, .learning_rate = 5e-3f, .validation = 0.3f, .seed = seed};
    Model one = new_model(), other = new_model();
    const History a = fit(one, cells, covariates_of(cells), options);
    const History b = fit(other, streamed(reader, stream), covariates_of(cells), options);
    CHECK_FALSE(same_weights(one, other));
    untrained += a.epochs.front().validation;
    in_memory += a.epochs.back().validation;
    with_stream += b.epochs.back().validation;
  }
  CAPTURE(untrained, in_memory, with_stream);  // seeds differ by as much
  CHECK(in_memory < untrained);
  CHECK(std::abs(with_stream - in_memory) < 0.5 * (untrained - in_memory));
}

TEST_CASE("fit: bad input is named") {
  const CellTable cells = some_cells();
  Reader reader{cells};
  Model model = new_model();
  const std::vector<Index> few{0, 1, 2};
  REQUIRE_THROWS_WITH(fit(model, streamed(reader).select_genes(few), {}, {}),
                      ContainsText("cells with 3 genes but the model has 80"));
}

TEST_CASE("fit of streamed cells: the minibatches of a step have lanes, so that a rank reads what it trains on alone") {
  const CellTable all = some_cells();
  Reader reader{all};
  const double a_cell = bytes_per_cell(double(all.counts.nonzeros()) / 700);
  const StreamedTable cells = streamed(reader, {.memory = Index(300 * a_cell / 0.9), .block = 32});
  CHECK(streamed_lanes(cells, 700, 4, cells.stream) == 4);
  CHECK(streamed_lanes(cells, 700, 6, cells.stream) == 3);
  CHECK(streamed_lanes(cells, 700, 1, cells.stream) == 1);
  CHECK(streamed_lanes(cells, 700, 4, {.block = 32}) == 1);
  const Model model = new_model();
  auto source = cell_training_data(model, cells, {}, {.batch = 10, .accumulate = 4, .validation = 0});
  Index cells_taken = 0;
  for (Index rank = 0; rank < 2; ++rank) {
    reader.rows_read = 0;
    detail::NumberedPass pass(source.data.train);
    pass.begin(Rng(1));
    CellBatch batch;
    for (Index n = rank; n < pass.count(); n += 2) {
      (void)pass.take(n, batch);
      cells_taken += batch.size();
    }
    source.data.train.begin_ordered();  // waits for what is read ahead
    CHECK(reader.rows_read <= 450);
  }
  CHECK(cells_taken == 700);
}
