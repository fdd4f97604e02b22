#pragma once

#include <concepts>
#include <span>
#include <vector>

#include <latentcell/autoencoder/count_autoencoder_base.hpp>

namespace LATENTCELL_NAMESPACE {

/// A trained autoencoder of counts, as encode, draw and the other functions of latent/ take it.
/// Scalar, Likelihood         types: of its numbers, and of its observation model
/// genes(), latent()          G and D
/// encode(tape, batch)        Posterior of a CellBatch: mean and log variance (B, D), the second may be empty
/// decode(tape, z, batch_covariate)   outputs of the decoder's heads (B, G), the predictor of the mean first
/// predictors(tape, outputs, batch_covariate)   parameters of the likelihood
/// nll_of(tape, z, batch, weight, log_prob)   -sum of weight * log p(x | z) as (1, 1) Var
/// options.link               how library sizes enter the mean
/// gene_names                 (G) or empty
template <class A>
concept Autoencoder = requires(const A a, Tape<typename A::Scalar>& tape, const CellBatch& batch,
                               Var<typename A::Scalar> z, std::span<const int> codes,
                               const std::vector<Var<typename A::Scalar>>& outputs,
                               std::span<const typename A::Scalar> weight, typename A::Scalar* log_prob) {
  typename A::Likelihood;
  { a.genes() } -> std::convertible_to<Index>;
  { a.latent() } -> std::convertible_to<Index>;
  { a.encode(tape, batch) } -> std::same_as<Posterior<typename A::Scalar>>;
  { a.decode(tape, z, codes) } -> std::same_as<std::vector<Var<typename A::Scalar>>>;
  a.predictors(tape, outputs, codes);
  { a.nll_of(tape, z, batch, weight, log_prob) } -> std::same_as<Var<typename A::Scalar>>;
  { a.options.link } -> std::convertible_to<LibraryLink>;
  { a.gene_names } -> std::convertible_to<std::vector<std::string>>;
};

}  // namespace latentcell
