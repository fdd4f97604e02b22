#pragma once

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/kernel/count_likelihood.hpp>
#include <latentcell/kernel/count_targets.hpp>

namespace LATENTCELL_NAMESPACE {

/// What a likelihood reads of a minibatch: the last hidden layer of the decoder and the counts.
template <class T>
struct LikelihoodInput {
  LibraryLink link;         // how library sizes enter the mean
  Var<T> hidden;            // (B, H)
  Var<T> shares;            // (B, levels) of the batch covariate; empty unless per_batch_covariate()
  CountTargets<T> targets;  // counts, library sizes and weights of the cells
};

}  // namespace latentcell
