// error: f(tape, z, t, condition)
#include <latentcell/backbone/residual_mlp.hpp>
#include <latentcell/condition/categorical_covariate.hpp>
#include <latentcell/latent/latent_flow.hpp>

namespace lc = latentcell;

struct Own {
  using Scalar = float;
  struct {
    lc::Index latent = 2, condition = 4;
  } options;
#ifdef RIGHT
  lc::Var<float> operator()(lc::Tape<float>&, lc::Var<float> z, std::span<const float>, lc::Var<float>) const {
    return z;
  }
#endif
  static void visit(auto&, auto&&) {}
};

using Flow = lc::LatentFlow<Own, lc::FromObs<lc::ObsCategory, lc::CategoricalCovariate<float>>>;
lc::Index size() { return sizeof(Flow); }
