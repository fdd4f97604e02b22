#include <latentcell/metric/class_negative_binomial.hpp>

#include <latentcell/core/threads.hpp>
#include <latentcell/metric/moments.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using metric::ClassNegativeBinomial;
using metric::LibrarySizes;

namespace {

constexpr Index genes = 306;

struct Cells {
  Counts counts{genes};
  std::vector<int> labels;
};

// Two classes. Six genes of interest, of which 5 is never seen in class 0, and many quiet ones that make up the
// library.
Cells simulate(Index n, Rng& rng) {
  const double mean[2][6] = {{20, 10, 2, 0.5, 4, 0}, {0.1, 1, 3, 10, 5, 2}};
  const double theta[6] = {5, 0.8, 2, 1, 1e9, 3};
  Cells out;
  for (Index i = 0; i < n; ++i) {
    const int label = int(i % 2);
    const double size = (label == 0 ? 1 : 2) * std::exp(0.3 * rng.normal());
    for (std::int32_t g = 0; g < genes; ++g) {
      const double x = g < 6 ? draw_negative_binomial(size * mean[label][g], theta[g], rng) : draw_poisson(size, rng);
      if (x > 0) out.counts.push(g, float(x));
    }
    out.counts.end_row();
    out.labels.push_back(label);
  }
  return out;
}

Counts of_class(const Cells& cells, int label) {
  std::vector<Index> rows;
  for (std::size_t i = 0; i < cells.labels.size(); ++i) {
    if (cells.labels[i] == label) rows.push_back(Index(i));
  }
  return select_rows(cells.counts, rows);
}

}  // namespace

TEST_CASE("class_negative_binomial: draws have the genes' means and variances of their class") {
  Rng rng(1);
  const Cells cells = simulate(4000, rng);
  for (const LibrarySizes library : {LibrarySizes::of_cells, LibrarySizes::of_class}) {
    const ClassNegativeBinomial floor(cells.counts, cells.labels, {.library = library});
    for (const int label : {0, 1}) {
      const std::vector<int> wanted(4000, label);
      const metric::GeneMoments drawn = metric::gene_moments(floor.draw(wanted, rng)),
                                real = metric::gene_moments(of_class(cells, label));
      for (std::size_t g = 0; g < 6; ++g) {
        CAPTURE(label, g);
        CHECK(drawn.mean[g] == Approx(real.mean[g]).epsilon(0.08));
        CHECK(drawn.variance[g] == Approx(real.variance[g]).epsilon(0.2));
        CHECK(drawn.zeros[g] == Approx(real.zeros[g]).margin(0.03));
      }
    }
  }
}

TEST_CASE("class_negative_binomial: library sizes spread with the cells, or not where they are of the class") {
  Rng rng(2);
  Counts counts(genes);
  std::vector<int> labels;
  for (Index i = 0; i < 200; ++i) {
    for (std::int32_t g = 0; g < genes; ++g) {
      const double x = draw_poisson(i % 2 == 0 ? 0.5 : 5.0, rng);
      if (x > 0) counts.push(g, float(x));
    }
    counts.end_row();
    labels.push_back(0);
  }
  const auto spread = [&](LibrarySizes library) {
    const Counts drawn = ClassNegativeBinomial(counts, labels, {.library = library}).draw(labels, rng);
    Index small = 0;
    for (Index r = 0; r < drawn.rows(); ++r) small += drawn.view().row_sum(r) < 500;
    return double(small) / double(drawn.rows());
  };
  CHECK(spread(LibrarySizes::of_cells) == Approx(0.5).margin(0.15));
  CHECK(spread(LibrarySizes::of_class) == 0.0);
}

TEST_CASE("class_negative_binomial: the same seed gives the same with 1 and 3 threads") {
  Rng rng(3);
  const Cells cells = simulate(100, rng);
  const ClassNegativeBinomial floor(cells.counts, cells.labels);
  const int before = threads();
  Rng a(4), b(4);
  set_threads(1);
  const Counts one = floor.draw(cells.labels, a);
  set_threads(3);
  const Counts three = floor.draw(cells.labels, b);
  set_threads(before);
  CHECK(std::equal(one.values().begin(), one.values().end(), three.values().begin(), three.values().end()));
  CHECK(std::equal(one.columns().begin(), one.columns().end(), three.columns().begin(), three.columns().end()));
}

TEST_CASE("class_negative_binomial: refuses classes without cells") {
  Counts counts(2);
  counts.push(0, 3);
  counts.end_row();
  counts.end_row();
  Rng rng(5);
  const ClassNegativeBinomial floor(counts, std::vector<int>{0, 1});
  CHECK_THROWS_WITH(floor.draw(std::vector<int>{1}, rng), ContainsText("no cells of class 1"));  // no counts at all
  CHECK_THROWS_WITH(floor.draw(std::vector<int>{-1}, rng), ContainsText("no cells of class -1"));
  CHECK_THROWS_WITH(ClassNegativeBinomial(counts, std::vector<int>{0}), ContainsText("1 labels for 2 cells"));
}
