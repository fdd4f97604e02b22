#pragma once

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/kernel/gene_major.hpp>

namespace latentcell {

/// A batch of counts turned around in a tape's memory: valid until its reset().
/// x (B, G); values (non-zeros of x, in order) stand in place of the counts
template <class T, class U>
kernel::GeneMajorCounts<U> gene_major_counts(Tape<T>& tape, const CountsView& x, const U* values) {
  const kernel::GeneMajorPlan plan{x.rows, x.cols};
  return kernel::gene_major_counts(x, values, tape.template scratch_of<kernel::GeneMajor<U>>(plan.pieces()),
                                   tape.template scratch_of<std::int32_t>(plan.words(x.nonzeros())),
                                   tape.template scratch_of<U>(x.nonzeros()));
}

}  // namespace latentcell
