#include <latentcell/train/team.hpp>

#include <vector>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

// The third of four ranks; the others add nothing but ones.
struct Third {
  Index calls = 0;
  Index rank() const { return 2; }
  Index size() const { return 4; }
  void sum(std::span<float> x) {
    ++calls;
    for (float& v : x) v += 3;
  }
  void sum(std::span<double> x) {
    ++calls;
    for (double& v : x) v += 3;
  }
};

}  // namespace

static_assert(Team<Alone> && Team<AnyTeam> && Team<Third>);

TEST_CASE("team: one process alone changes nothing") {
  Alone alone;
  AnyTeam any;
  std::vector<double> x = {1, 2};
  std::vector<float> y = {3};
  alone.sum(std::span<double>(x));
  any.sum(std::span<double>(x));
  any.sum(std::span<float>(y));
  CHECK(x == std::vector<double>{1, 2});
  CHECK(y == std::vector<float>{3});
  CHECK(any.rank() == 0);
  CHECK(any.size() == 1);
  CHECK(any_rank(alone, true));
  CHECK_FALSE(any_rank(any, false));
}

TEST_CASE("team: AnyTeam is the team it was made of") {
  Third third;
  const AnyTeam any(third);
  std::vector<double> x = {1, 2};
  std::vector<float> y = {3};
  any.sum(std::span<double>(x));
  any.sum(std::span<float>(y));
  CHECK(x == std::vector<double>{4, 5});
  CHECK(y == std::vector<float>{6});
  CHECK(any.rank() == 2);
  CHECK(any.size() == 4);
  CHECK(third.calls == 2);
  CHECK(any_rank(any, false));  // the others say yes
}
