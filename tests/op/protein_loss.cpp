// Numbers of scvi-tools: tests/reference/samplers.py.
#include <latentcell/op/count_loss.hpp>
#include <latentcell/op/protein_loss.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"
#include "support/reference.hpp"

using namespace latentcell;
using support::window;

TEST_CASE("protein_loss, nb_term, zinb_term: log-probabilities are those of scvi-tools") {
  const Reference reference("samplers");
  const Matrix<double> x = reference.matrix("protein.x");
  const auto log_of = [&](const char* name) -> Matrix<double> { return reference.matrix(name).array().log(); };
  const Matrix<double> back = log_of("protein.background"), fore = log_of("protein.foreground"),
                       theta = log_of("protein.theta"), logit = reference.matrix("protein.logit");
  const std::vector<double> one{1.0};
  for (Index j = 0; j < 6; ++j) {
    Counts counts(1);
    if (x(0, j) > 0) counts.push(0, float(x(0, j)));
    counts.end_row();
    Tape<double> tape(Mode::no_gradient);
    const auto at = [&](const Matrix<double>& m) { return tape.constant(ConstView<double>(m.data() + j, 1, 1)); };
    const double of_mixture =
        protein_loss<double>({at(back), at(fore), at(logit), at(theta)}, counts.view(), one).item();
    CHECK(-of_mixture == Approx(reference.matrix("protein.log_prob")(0, j)).epsilon(1e-5));
    CHECK(kernel::nb_term(x(0, j), fore(0, j), theta(0, j)).log_prob ==
          Approx(reference.matrix("negative_binomial.log_prob")(0, j)).epsilon(1e-5));
    // The exp link with a library of one: the predictor is the log mean.
    const std::vector<float> library{1.0f};
    const double inflated = count_loss<double>(Family::zero_inflated_negative_binomial, LibraryLink::exp,
                                               {at(fore), at(theta), at(logit)}, {counts.view(), library, one, 1e4})
                                .item();
    CHECK(-inflated == Approx(reference.matrix("zero_inflated.log_prob")(0, j)).epsilon(1e-5));
  }
}

TEST_CASE("protein_loss: what does not fit is named") {
  const Matrix<double> m = Matrix<double>::Zero(2, 3), row = Matrix<double>::Zero(1, 3),
                       bad = Matrix<double>::Zero(2, 2);
  Counts counts(3);
  counts.end_row();
  counts.end_row();
  Tape<double> tape;
  const auto in = [&](const Matrix<double>& x) { return tape.input(window(x)); };
  const std::vector<double> one(2, 1.0);
  REQUIRE_THROWS_WITH(protein_loss<double>({in(m), in(bad), in(m), in(row)}, counts.view(), one),
                      ContainsText("predictor (2, 2)"));
  REQUIRE_THROWS_WITH(protein_loss<double>({in(m), in(m), in(m), in(m)}, counts.view(), one),
                      ContainsText("log_theta (2, 3)"));
  REQUIRE_THROWS_WITH(kl_normal<double>(in(m), in(m), in(m), in(row), one), ContainsText("do not fit"));
}
