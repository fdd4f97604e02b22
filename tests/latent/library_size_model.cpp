#include <cmath>

#include <latentcell/latent/library_size_model.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;

namespace {

// log library = level + 0.5 z_0 + noise; level 2 has no cells.
struct Made {
  Matrix<float> z = support::made_matrix<float>(600, 3, 1);
  std::vector<float> library;
  std::vector<int> level;
  Made() {
    Rng rng(2);
    for (Index i = 0; i < 600; ++i) {
      level.push_back(int(i % 2));
      const double log_library = (level.back() == 0 ? 6.0 : 8.0) + 0.5 * double(z(i, 0)) + 0.1 * rng.normal();
      library.push_back(std::round(float(std::exp(log_library))));
    }
  }
};

}  // namespace

TEST_CASE("LibrarySizeModel: finds offset and slope, and draws with the residual's spread") {
  const Made made;
  LibrarySizeModel<float> model(3, 3);
  model.fit(made.z, made.library, made.level);
  CHECK(model.slope.value(0, 0) == Approx(0.5).margin(0.05));
  CHECK(model.slope.value(0, 1) == Approx(0).margin(0.03));
  CHECK(model.offset.value(0, 0) == Approx(6).margin(0.03));
  CHECK(model.offset.value(1, 0) == Approx(8).margin(0.03));
  Rng rng(3);
  const float z[] = {0.4f, 0, 0};
  double sum = 0, square = 0;
  for (int i = 0; i < 4000; ++i) {
    const double l = std::log(double(model.draw(z, 1, rng)));
    sum += l / 4000;
    square += l * l / 4000;
  }
  CHECK(sum == Approx(8.2).margin(0.04));
  CHECK(std::sqrt(square - sum * sum) == Approx(0.1).epsilon(0.15));
}

TEST_CASE("LibrarySizeModel: draws whole numbers within what the level showed, however far the latent") {
  const Made made;
  LibrarySizeModel<float> model(3, 3);
  model.fit(made.z, made.library, made.level);
  for (int level = 0; level < 2; ++level) {
    float least = 1e9f, most = 0;
    for (std::size_t i = 0; i < 600; ++i) {
      if (made.level[i] != level) continue;
      least = std::min(least, made.library[i]);
      most = std::max(most, made.library[i]);
    }
    Rng rng(4);
    for (const float far : {-100.0f, 0.0f, 100.0f}) {
      const float z[] = {far, 0, 0};
      for (int i = 0; i < 50; ++i) {
        const float l = model.draw(z, level, rng);
        CHECK(l >= least);
        CHECK(l <= most);
        CHECK(l == std::round(l));
      }
    }
  }
}

TEST_CASE("LibrarySizeModel: unknown cells and a level without cells are like all together") {
  const Made made;
  LibrarySizeModel<float> model(3, 3);
  model.fit(made.z, made.library, made.level);
  const float z[] = {0, 0, 0};
  for (const int level : {-1, 2}) {
    Rng rng(5);
    int large = 0;
    for (int i = 0; i < 2000; ++i) large += model.draw(z, level, rng) > std::exp(7.0) ? 1 : 0;
    CHECK(large == Approx(1000).margin(120));
  }
}

TEST_CASE("LibrarySizeModel: one cell, and none") {
  LibrarySizeModel<float> model(2, 1);
  const std::vector<float> library{500};
  const std::vector<int> level{0};
  model.fit(Matrix<float>::Ones(1, 2), library, level);
  Rng rng(1);
  const float z[] = {3, 3};
  CHECK(model.draw(z, 0, rng) == 500);
  CHECK(model.draw(z, -1, rng) == 500);
  LibrarySizeModel<float> nothing(2, 1);
  nothing.fit(Matrix<float>(0, 2), {}, {});
  CHECK(nothing.draw(z, 0, rng) >= 1);
  CHECK_THROWS_WITH(nothing.draw(z, 1, rng), ContainsText("level 1 of 1"));
}
