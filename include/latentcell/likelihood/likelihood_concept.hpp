#pragma once

#include <concepts>
#include <span>
#include <vector>

#include <latentcell/autodiff/visit.hpp>
#include <latentcell/core/counts.hpp>
#include <latentcell/kernel/count_targets.hpp>
#include <latentcell/likelihood/likelihood.hpp>
#include <latentcell/likelihood/likelihood_input.hpp>
#include <latentcell/nn/linear.hpp>

namespace LATENTCELL_NAMESPACE {

/// An observation model of counts, as autoencoders take it: L(genes, LikelihoodOptions, batch_covariate_levels).
/// heads()                    linear predictors per gene and cell, each a Linear of the decoder
/// per_batch_covariate()      whether nll and predictors take the shares (B, levels) of the batch covariate
/// set_rates(heads)           learning rates of the heads, set once
/// start(counts, heads, reference)   initial biases and parameters from the training counts: CountRows, which may be
///                            read in passes, or CountsView, which are all in memory
/// predictors(tape, outputs, shares) parameters of each cell from the heads' outputs (B, G)
/// nll(tape, heads, input, log_prob) -sum of weight * log p as (1, 1) Var; log_prob (B) or null gets each cell's
/// draws_molecules, draws_counts     compile-time: whether samples are counts of molecules, or counts at all
/// visit                      Params and Buffers
template <class L, class T>
concept Likelihood = std::constructible_from<L, Index, LikelihoodOptions, Index> &&
    requires(L model, const L l, Tape<T>& tape, std::vector<Linear<T>>& heads, const std::vector<Linear<T>>& layers,
             const CountsView& counts, std::span<const Var<T>> outputs, Var<T> shares, const LikelihoodInput<T>& input,
             T* log_prob, detail::AnyMember f) {
  { l.heads() } -> std::convertible_to<Index>;
  { l.per_batch_covariate() } -> std::convertible_to<bool>;
  l.set_rates(heads);
  model.start(counts, heads, 1.0);
  l.predictors(tape, outputs, shares);
  { l.nll(tape, layers, input, log_prob) } -> std::same_as<Var<T>>;
  { L::draws_molecules } -> std::convertible_to<bool>;
  { L::draws_counts } -> std::convertible_to<bool>;
  L::visit(l, f);
};

/// A likelihood of molecules with over-dispersion: what calibrate_dispersion adjusts.
/// cell_dispersion() selects the second head's bias, else log_theta (1 or levels, G)
template <class L>
concept DispersedLikelihood = L::draws_molecules && L::has_dispersion && requires(L model, const L l) {
  { l.cell_dispersion() } -> std::convertible_to<bool>;
  model.log_theta.value;
};

}  // namespace latentcell
