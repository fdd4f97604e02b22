#include <latentcell/evaluate/baseline/training_pairs.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("TrainingPairs: sides and cells to predict that do not fit throw") {
  const Matrix<float> x = Matrix<float>::Ones(3, 2), y = Matrix<float>::Ones(4, 1), none(0, 2);
  CHECK_THROWS_WITH((evaluate::baseline::TrainingPairs{x, y}.check("ridge", x)),
                    "ridge: 3 cells of the source but 4 of the target");
  CHECK_THROWS_WITH((evaluate::baseline::TrainingPairs{x, x}.check("ridge", y)),
                    ContainsText("have 1 columns but the source has 2"));
  CHECK_THROWS_WITH((evaluate::baseline::TrainingPairs{none, none}.check("ridge", x)),
                    ContainsText("0 cells of the source"));
  evaluate::baseline::TrainingPairs{x, x}.check("ridge", x);
}
