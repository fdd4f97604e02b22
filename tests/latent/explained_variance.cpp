#include <latentcell/latent/explained_variance.hpp>

#include "interpretable_model.hpp"

using namespace latentcell;
using namespace interpretable_model;

TEST_CASE(
    "explained_variance: shares of variance lie where the model has put it, shares of labels where the labels are") {
  for (const bool linear : {false, true}) {
    const Fitted& f = fitted(linear);
    const std::vector<double> variance = explained_variance(f.model, f.latents);
    double sum = 0;
    for (double v : variance) {
      CHECK(v > -0.2);
      CHECK(v < 1);
      sum += v;
    }
    CHECK(sum > 0.4);
    double best = 0;
    for (double e : explained_by_label(f.latents, "cell_type")) {
      CHECK(e >= 0);
      CHECK(e <= 1);
      best = std::max(best, e);
    }
    CHECK(best > 0.5);  // three types that differ strongly
  }
  // Closed form: a dimension that is the label, and one that has nothing to do with it.
  LatentTable made;
  made.mean.resize(8, 2);
  made.mean << 0, 1, 0, -1, 0, 1, 0, -1, 3, 1, 3, -1, 3, 1, 3, -1;
  made.cell_columns = labelled("l", {{"a", "b"}, {0, 0, 0, 0, 1, 1, 1, 1}});
  const std::vector<double> eta = explained_by_label(made, "l");
  CHECK(eta[0] == Approx(1));
  CHECK(eta[1] == Approx(0).margin(1e-12));
}
