#pragma once

#include <concepts>
#include <span>

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/autodiff/visit.hpp>

namespace LATENTCELL_NAMESPACE {

/// The network of a flow: f(tape, z, t, condition) -> prediction.
/// z (B, options.latent), t (B) in [0, 1], condition (B, options.condition) -> (B, options.latent)
/// Scalar is the type of its numbers; visit lists its Params.
template <class F>
concept Backbone = requires(const F f, Tape<typename F::Scalar>& tape, Var<typename F::Scalar> z,
                            std::span<const typename F::Scalar> t, Var<typename F::Scalar> condition,
                            detail::AnyMember any) {
  { f(tape, z, t, condition) } -> std::same_as<Var<typename F::Scalar>>;
  { f.options.latent } -> std::convertible_to<Index>;
  { f.options.condition } -> std::convertible_to<Index>;
  F::visit(f, any);
};

}  // namespace latentcell
