#include <latentcell/train/hooks.hpp>

#include <string>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

struct Rank {
  Index number;
  Index rank() const { return number; }
  Index size() const { return 2; }
  void sum(std::span<float>) {}
  void sum(std::span<double>) {}
};

}  // namespace

TEST_CASE("hooks: on_first calls report, step and stop on rank 0 alone, of one hook") {
  for (const Index rank : {0, 1}) {
    std::string heard;
    int model = 0, state = 0;
    const auto counts = [&heard, calls = 0](auto&, auto&) mutable { heard += std::to_string(++calls); };
    auto hook =
        on_first(Rank{rank}, Hook{counts, [&](auto&, auto&, const StepInfo& at) { heard += at.step == 7 ? "s" : "?"; },
                                  [] { return true; }});
    hook(model, state);
    hook.on_step(model, state, StepInfo{7, 9});
    hook(model, state);
    CHECK(hook.asks_to_stop() == (rank == 0));
    CHECK(heard == (rank == 0 ? "1s2" : ""));
  }
}

TEST_CASE("hooks: a lambda has reports alone") {
  int model = 0, state = 0, reports = 0;
  auto hook = on_first(Rank{0}, [&](auto&, auto&) { ++reports; });
  hook.on_step(model, state, StepInfo{});
  CHECK(reports == 0);
  hook(model, state);
  CHECK(reports == 1);
  CHECK_FALSE(hook.asks_to_stop());
}
