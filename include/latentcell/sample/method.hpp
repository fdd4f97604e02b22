#pragma once

#include <latentcell/core/version.hpp>

namespace LATENTCELL_NAMESPACE {

/// How a sampler moves from noise to data.
enum class Method {
  euler,           ///< order 1, one evaluation a step
  midpoint,        ///< order 2, two evaluations
  heun,            ///< order 2, two evaluations
  rk4,             ///< order 4, four evaluations
  dormand_prince,  ///< order 5, chooses its steps
  ddim,            ///< order 1, one evaluation; with eta above 0 noise is drawn anew on the way
  ancestral,       ///< ddim with eta 1: the sampler of DDPM
  dpm_multistep,   ///< DPM-Solver++(2M): order 2, one evaluation
  dpm_singlestep,  ///< DPM-Solver++(2S): order 2, two evaluations
  euler_maruyama,  ///< the reverse-time SDE; weak order 1, one evaluation
};

/// Whether a method steps by the predicted data along a given path (denoise), not by a velocity (integrate).
constexpr bool denoises(Method m) { return m >= Method::ddim; }

}  // namespace latentcell
