#pragma once

#include <latentcell/core/error.hpp>

namespace LATENTCELL_NAMESPACE {

/// How time and condition enter a backbone.
enum class Injection {
  adaln,          ///< they shift, scale and gate every norm, gates starting at zero: adaLN-Zero (Peebles and Xie 2023)
  film,           ///< they shift and scale features, without gates: FiLM (Perez et al. 2018)
  concatenation,  ///< they stand beside the input: as columns of an MLP, as tokens of a transformer
  cross_attention,  ///< tokens of the latent attend to tokens of the condition; a transformer's alone
};

}  // namespace latentcell
