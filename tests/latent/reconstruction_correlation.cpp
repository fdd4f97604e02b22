#include <latentcell/latent/reconstruction_correlation.hpp>

#include "interpretable_model.hpp"

using namespace latentcell;
using namespace interpretable_model;

TEST_CASE("reconstruction_correlation: high for a trained model, near nothing for genes in another order") {
  const Fitted& f = fitted(false);
  const double good = reconstruction_correlation(f.model, f.cells);
  CHECK(good > 0.6);
  CHECK(good <= 1);
  CellTable turned = f.cells;
  turned.counts = Counts(50);
  for (Index i = 0; i < f.cells.cells(); ++i) {
    std::vector<std::int32_t> columns;
    std::vector<float> values;
    const CountsView from = f.cells.counts.view();
    for (std::size_t k = from.row_columns(i).size(); k > 0; --k) {
      columns.push_back(49 - from.row_columns(i)[k - 1]);
      values.push_back(from.row_values(i)[k - 1]);
    }
    turned.counts.push_row(columns, values);
  }
  CHECK(reconstruction_correlation(f.model, turned) < good - 0.3);
}

TEST_CASE("log_profile_correlation: a profile and its multiple correlate fully after scaling") {
  Counts counts(3);
  const std::vector<std::int32_t> columns{0, 2};
  const std::vector<float> values{1, 4};
  counts.push_row(columns, values);
  std::vector<double> mean{10, 0, 40};
  CHECK(detail::log_profile_correlation(counts.view(), 0, 10.0, mean) == Approx(1));
  std::vector<double> flat{5, 5, 5};
  CHECK(std::isnan(detail::log_profile_correlation(counts.view(), 0, 10.0, flat)));
}
