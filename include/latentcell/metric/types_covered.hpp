#pragma once

#include <span>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE::metric {

/// Settings of types_covered.
struct TypesCoveredOptions {
  double min_share = 0.5;  ///< of a type among the evaluated cells, relative to its share among the real ones, from
                           ///< which it counts as covered, above 0. Larger: stricter

  static void visit(auto& self, auto&& f) { f("min_share", self.min_share, above(0)); }
};

/// Share of the types of real cells that other cells cover: a type is covered where its share among these, by what a
/// classifier calls them, is at least `min_share` times its share among the real ones. Every type counts once, so that
/// a generator that forgets rare types is found out; one that makes too much of a type is not punished for that type,
/// only for those it crowds out. The score of held-out real cells is what the classifier itself loses.
/// real (N) true labels, found (M) a classifier's; negative where missing: left out. Labels are below `labels`.
inline double types_covered(std::span<const int> real, std::span<const int> found, Index labels,
                            const TypesCoveredOptions& options = {}) {
  check_options("types_covered", options);
  const auto shares = [&](std::span<const int> codes, const char* name) {
    std::vector<double> count(to_size(labels), 0.0);
    double all = 0;
    for (std::size_t i = 0; i < codes.size(); ++i) {
      LATENTCELL_REQUIRE(codes[i] < labels, "types_covered: ", name, " cell ", i, " has label ", codes[i], " of ",
                         labels);
      if (codes[i] < 0) continue;
      count[to_size(codes[i])] += 1;
      all += 1;
    }
    LATENTCELL_REQUIRE(all > 0, "types_covered: none of ", codes.size(), " ", name, " cells has a label");
    for (double& c : count) c /= all;
    return count;
  };
  const std::vector<double> of_real = shares(real, "real"), of_found = shares(found, "evaluated");
  double types = 0, covered = 0;
  for (std::size_t k = 0; k < of_real.size(); ++k) {
    if (of_real[k] == 0) continue;
    types += 1;
    // The nudge keeps equal shares of other counts equal.
    covered += double(of_found[k] >= options.min_share * of_real[k] * (1 - 1e-12));
  }
  return covered / types;
}

}  // namespace latentcell::metric
