// error: p.weight(t)
#include <latentcell/backbone/residual_mlp.hpp>
#include <latentcell/condition/categorical_covariate.hpp>
#include <latentcell/latent/latent_flow.hpp>

namespace lc = latentcell;

struct Own : lc::RectifiedFlow {
#ifndef RIGHT
  double weight(double) const = delete;
#endif
};

using Condition = lc::FromObs<lc::ObsCategory, lc::CategoricalCovariate<float>>;
using Flow = lc::LatentFlow<lc::ResidualMlp<float>, Condition, Own>;
lc::Index size() { return sizeof(Flow); }
