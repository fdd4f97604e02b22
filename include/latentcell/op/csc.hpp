#pragma once

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/kernel/csc.hpp>

namespace LATENTCELL_NAMESPACE {

/// Converts a batch of counts from CSR to CSC in a tape's memory. The result is valid until the tape's reset().
/// x (B, G); values (non-zeros of x, in order) stand in place of the counts
template <class T, class U>
kernel::CscCounts<U> csc_counts(Tape<T>& tape, const CountsView& x, const U* values) {
  const kernel::CscPlan plan{x.rows, x.cols};
  return kernel::csc_counts(x, values, tape.template scratch_of<kernel::Csc<U>>(plan.pieces()),
                            tape.template scratch_of<std::int32_t>(plan.words(x.nonzeros())),
                            tape.template scratch_of<U>(x.nonzeros()));
}

}  // namespace latentcell
