// error: s(velocity, z, from, to)
#include <latentcell/backbone/residual_mlp.hpp>
#include <latentcell/condition/categorical_covariate.hpp>
#include <latentcell/latent/latent_flow.hpp>

namespace lc = latentcell;

struct Own {
#ifdef RIGHT
  void operator()(lc::FieldRef<float>, lc::View<float>, double, double) const {}
#else
  void operator()(lc::FieldRef<float>, lc::View<float>) const {}
#endif
};

using Condition = lc::FromObs<lc::ObsCategory, lc::CategoricalCovariate<float>>;
lc::LatentTable run(const lc::LatentFlow<lc::ResidualMlp<float>, Condition>& flow, lc::Rng& rng) {
  return flow.generate({.count = 1}, rng, Own());
}
