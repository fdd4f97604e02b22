#include <latentcell/core/rng.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <vector>

#include "support/catch.hpp"

using latentcell::Philox;
using latentcell::Rng;

// The known answers that come with Random123 (kat_vectors, philox4x32 10).
TEST_CASE("philox: published known answers") {
  using Block = std::array<std::uint32_t, 4>;
  CHECK(Philox::block(0, 0, 0) == Block{0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u});
  const std::uint64_t ones = ~std::uint64_t{0};
  CHECK(Philox::block(ones, ones, ones) == Block{0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu});
  CHECK(Philox::block(0x299f31d0a4093822u, 0x0370734413198a2eu, 0x85a308d3243f6a88u) ==
        Block{0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u});
}

TEST_CASE("rng: gives the blocks of Philox in order") {
  Rng rng(11, 5);
  for (std::uint64_t block = 0; block < 3; ++block) {
    for (std::uint32_t word : Philox::block(11, 5, block)) CHECK(rng() == word);
  }
}

TEST_CASE("rng: restore goes on with the same numbers from any position") {
  Rng rng(3, 9);
  for (int drawn = 0; drawn < 9; ++drawn) {
    Rng again = Rng::restore(rng.state()), same = rng;
    CHECK(again.state() == rng.state());
    for (int i = 0; i < 6; ++i) CHECK(again() == same());
    rng();
  }
}

TEST_CASE("rng: uniform numbers lie strictly between 0 and 1") {
  // The first word of this stream is ffffffb3: with one bit more kept, the half added would round it to 1.
  Rng high(16390493);
  REQUIRE(Rng(high)() >= 0xFFFFFF00u);
  CHECK(high.uniform() < 1.0f);
  Rng rng(1);
  double sum = 0, square = 0;
  const int n = 100000;
  for (int i = 0; i < n; ++i) {
    const float u = rng.uniform();
    REQUIRE((u > 0.0f && u < 1.0f));
    sum += double(u);
    square += double(u) * double(u);
  }
  CHECK(sum / n == Approx(0.5).margin(0.004));
  CHECK(square / n == Approx(1.0 / 3).margin(0.004));
}

TEST_CASE("rng: uniform_double has the moments of a uniform number") {
  Rng rng(2);
  double sum = 0, square = 0;
  const int n = 100000;
  for (int i = 0; i < n; ++i) {
    const double u = rng.uniform_double();
    REQUIRE((u > 0.0 && u < 1.0));
    sum += u;
    square += u * u;
  }
  CHECK(sum / n == Approx(0.5).margin(0.004));
  CHECK(square / n == Approx(1.0 / 3).margin(0.004));
}

TEST_CASE("rng: below gives every value equally often") {
  Rng rng(4);
  const int n = 70000, k = 7;
  std::vector<int> seen(k, 0);
  for (int i = 0; i < n; ++i) ++seen[std::size_t(rng.below(k))];
  double chi2 = 0;
  for (int count : seen) chi2 += std::pow(count - n / k, 2) / (n / k);
  CHECK(chi2 < 22.5);  // 0.999 quantile of chi-square with 6 degrees of freedom
}

TEST_CASE("rng: forks and items are streams of their own") {
  Rng rng(6);
  Rng a = rng.fork(), b = rng.fork();
  std::set<std::uint32_t> seen;
  for (Rng* r : {&rng, &a, &b}) seen.insert((*r)());
  for (std::uint64_t i = 0; i < 50; ++i) {
    Rng item = rng.at(i), again = rng.at(i);
    const std::uint32_t word = item();
    CHECK(word == again());
    seen.insert(word);
  }
  CHECK(seen.size() == 53);
  const Rng before = rng;
  rng();
  Rng here = before.at(0), later = rng.at(0);
  CHECK(here() != later());
}

TEST_CASE("Rng: skipping passes over as many numbers as drawing them does") {
  for (const int n : {0, 1, 3, 4, 9}) {
    Rng drawn(7, 2), skipped(7, 2);
    drawn(), skipped();
    for (int i = 0; i < n; ++i) drawn();
    skipped.skip(std::uint64_t(n));
    CHECK(drawn() == skipped());
    CHECK(drawn.state() == skipped.state());
  }
  Rng fork(7), normal(7), two(7), four(7);
  fork.fork(), two.skip(2);
  normal.normal(), four.skip(4);
  CHECK(fork.state() == two.state());
  CHECK(normal.state() == four.state());
}
