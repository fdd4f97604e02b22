#pragma once

#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/backbone/dit.hpp>
#include <latentcell/backbone/residual_mlp.hpp>
#include <latentcell/condition/categorical_covariate.hpp>
#include <latentcell/latent/encode.hpp>
#include <latentcell/latent/fit_flow.hpp>
#include <latentcell/latent/from_obs.hpp>
#include <latentcell/latent/sample_counts.hpp>
#include <latentcell/train/progress.hpp>

namespace LATENTCELL_NAMESPACE {

/// The models that most programs compose, which latentcell::instances compiles once: counts with a negative binomial,
/// and a flow conditioned on one label column.
using NegativeBinomialVae = Vae<float, NegativeBinomial<float>>;
using LabelCondition = FromObs<ObsCategory, CategoricalCovariate<float>>;
using DitFlow = LatentFlow<Dit<float>, LabelCondition>;
using ResidualMlpFlow = LatentFlow<ResidualMlp<float>, LabelCondition>;

#ifdef LATENTCELL_INSTANCES
extern template struct Vae<float, NegativeBinomial<float>>;
extern template struct LibrarySizeModel<float>;
extern template struct LatentFlow<Dit<float>, LabelCondition>;
extern template struct LatentFlow<ResidualMlp<float>, LabelCondition>;
extern template LatentTable encode<NegativeBinomialVae>(const NegativeBinomialVae&, const CellTable&);
extern template CellTable draw<NegativeBinomialVae>(const NegativeBinomialVae&, const LatentTable&, Rng&,
                                                    const CountSampling&);
extern template History fit<NegativeBinomialVae>(NegativeBinomialVae&, const CellTable&, const FitOptions&);
extern template History fit<NegativeBinomialVae, Progress>(NegativeBinomialVae&, const CellTable&, const FitOptions&,
                                                           Progress&&);
extern template History fit<Dit<float>, LabelCondition, RectifiedFlow>(DitFlow&, const LatentTable&, const FitOptions&);
extern template History fit<Dit<float>, LabelCondition, RectifiedFlow, Progress>(DitFlow&, const LatentTable&,
                                                                                 const FitOptions&, Progress&&);
#endif

}  // namespace latentcell
