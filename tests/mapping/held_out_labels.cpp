#include <latentcell/mapping/held_out_labels.hpp>

#include <latentcell/core/random_draw.hpp>
#include <latentcell/core/threads.hpp>
#include <latentcell/mapping/label_pool.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

// Labels that lie apart by `latent` deviations in the latent and by `components` in components; the query is moved by
// `shift` in components.
struct Planted {
  mapping::CellsInSpaces cells, query;
  std::vector<int> codes;
  Matrix<double> probabilities;
};

mapping::CellsInSpaces drawn(const std::vector<int>& codes, double latent, double components, double shift, Rng& rng) {
  const Index n = Index(codes.size());
  mapping::CellsInSpaces out{Matrix<float>(n, 3), Matrix<float>(n, 3)};
  for (Index i = 0; i < n; ++i) {
    for (Index k = 0; k < 3; ++k) {
      const double own = k == codes[to_size(i)] ? 1.0 : 0.0;
      out.latent(i, k) = float(rng.normal() + latent * own);
      out.components(i, k) = float(rng.normal() + components * own + (k == 0 ? shift : 0.0));
    }
  }
  return out;
}

Planted planted(double latent, double components, double shift = 0) {
  Rng rng(5);
  Planted out;
  for (int i = 0; i < 450; ++i) out.codes.push_back(i % 3);
  out.cells = drawn(out.codes, latent, components, 0, rng);
  out.query = drawn(out.codes, latent, components, shift, rng);
  out.probabilities = Matrix<double>::Zero(450, 3);
  for (Index i = 0; i < 450; ++i) out.probabilities(i, out.codes[to_size(i)]) = 1;
  return out;
}

mapping::HeldOutLabels held_out(const Planted& p, const std::vector<int>& codes) {
  const mapping::LabelHoldouts holdouts = mapping::hold_out_labels(codes, {}, 0);
  return mapping::held_out_labels(
      {p.cells, codes, p.query, p.probabilities, {p.cells.latent, codes, 3}, holdouts.of_cell}, holdouts, 15);
}

std::vector<double> weights(const Planted& p) {
  const mapping::HeldOutLabels h = held_out(p, p.codes);
  std::vector<double> w = mapping::fit_pool_weights({h.parts, h.codes, {0, 0, 0}});
  const double sum = w[0] + w[1] + w[2];
  for (double& x : w) x /= sum;
  return w;
}

double accuracy(const Matrix<double>& p, const std::vector<int>& codes) {
  double right = 0;
  for (Index i = 0; i < p.rows(); ++i) {
    Index label = 0;
    p.row(i).maxCoeff(&label);
    right += int(label) == codes[to_size(i)];
  }
  return right / double(p.rows());
}

}  // namespace

TEST_CASE("held_out_labels: where the latent tells labels apart it is chosen, where components do they are") {
  CHECK(weights(planted(5, 0))[0] > 0.8);
  CHECK(weights(planted(0, 5))[0] < 0.2);
}

TEST_CASE("held_out_labels: parts are judged where the query lies") {
  // Moved by half the way to another label, the first label looks like the others to the boundary of the components.
  const Planted stays = planted(4, 4), moves = planted(4, 4, -4);
  const mapping::HeldOutLabels a = held_out(stays, stays.codes), b = held_out(moves, moves.codes);
  for (const std::size_t part : {1u, 2u}) {
    CHECK(accuracy(a.parts[part], a.codes) > 0.9);
    CHECK(accuracy(b.parts[part], b.codes) < accuracy(a.parts[part], a.codes) - 0.1);
  }
  CHECK(accuracy(b.parts[0], b.codes) > 0.9);
  CHECK(weights(moves)[0] > weights(stays)[0]);
}

TEST_CASE("held_out_labels: permuted labels are found as by chance; each cell is held out once") {
  Planted p = planted(5, 5);
  p.probabilities.setConstant(1.0 / 3);
  std::vector<int> permuted = p.codes;
  Rng rng(2);
  shuffle(std::span<int>(permuted), rng);
  const mapping::HeldOutLabels h = held_out(p, permuted);
  REQUIRE(h.codes.size() == 450);
  REQUIRE(h.parts.size() == mapping::label_parts.size());
  CHECK(h.parts[1] != h.parts[2]);
  for (const Matrix<double>& part : h.parts) CHECK(accuracy(part, h.codes) == Approx(1.0 / 3).margin(0.1));
}

TEST_CASE("held_out_labels: cells whose label no other cell has are left out; one thread or two, the same") {
  Planted p = planted(5, 5);
  std::vector<int> codes = p.codes;
  for (int& c : codes) c = c == 2 ? 0 : c;
  codes[7] = 2;
  const mapping::HeldOutLabels h = held_out(p, codes);
  CHECK(h.codes.size() == 449);
  CHECK(std::count(h.codes.begin(), h.codes.end(), 2) == 0);
  const int before = threads();
  set_threads(1);
  const mapping::HeldOutLabels one = held_out(p, codes);
  set_threads(2);
  const mapping::HeldOutLabels two = held_out(p, codes);
  set_threads(before);
  for (std::size_t k = 0; k < 3; ++k) CHECK(one.parts[k] == two.parts[k]);
}
