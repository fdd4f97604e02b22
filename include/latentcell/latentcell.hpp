#pragma once

// What a first program composes: cells, autoencoders, backbones, covariates, flows, training and the two stages. It
// needs Eigen and OpenMP alone. Single headers compile faster. Not included:
//   operations and modules of a model of your own    <latentcell/op/...>, <latentcell/nn/...>
//   transport, further tools of latents              <latentcell/transport/...>, <latentcell/latent/...>
//   stages with checkpoints, any model in one file   <latentcell/train/stages.hpp>, <latentcell/io/save_model.hpp>
//   files of cells (h5ad, 10x, Matrix Market, CSV)   <latentcell/io/...> with the target latentcell::io
//   evaluation                                       <latentcell/evaluate/...>, <latentcell/metric/...>
//   applications                                     <latentcell/generation/generation.hpp> and the like

#include <latentcell/core/dense_counts.hpp>
#include <latentcell/core/rng.hpp>
#include <latentcell/core/threads.hpp>
#include <latentcell/core/types.hpp>
#include <latentcell/core/version.hpp>

#include <latentcell/data/align_genes.hpp>
#include <latentcell/data/cell_table.hpp>
#include <latentcell/data/filter.hpp>
#include <latentcell/data/highly_variable.hpp>
#include <latentcell/data/latent_table.hpp>
#include <latentcell/data/modality.hpp>
#include <latentcell/data/normalize.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/data/split.hpp>

#include <latentcell/likelihood/likelihood.hpp>
#include <latentcell/likelihood/protein_mixture.hpp>

#include <latentcell/autoencoder/joint_vae.hpp>
#include <latentcell/autoencoder/pca_autoencoder.hpp>
#include <latentcell/autoencoder/plain_autoencoder.hpp>
#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/autoencoder/vq_gan.hpp>
#include <latentcell/autoencoder/vq_vae.hpp>

#include <latentcell/backbone/dit.hpp>
#include <latentcell/backbone/latent_unet.hpp>
#include <latentcell/backbone/residual_mlp.hpp>

#include <latentcell/condition/categorical_covariate.hpp>
#include <latentcell/condition/continuous_covariate.hpp>
#include <latentcell/condition/gene_set.hpp>

#include <latentcell/flow/ddpm.hpp>
#include <latentcell/flow/rectified_flow.hpp>
#include <latentcell/flow/vp_sde.hpp>

#include <latentcell/sample/method.hpp>

#include <latentcell/optim/adamw.hpp>
#include <latentcell/optim/ema.hpp>
#include <latentcell/optim/schedule.hpp>

#include <latentcell/train/csv_log.hpp>
#include <latentcell/train/fit_cells.hpp>
#include <latentcell/train/progress.hpp>

#include <latentcell/latent/encode.hpp>
#include <latentcell/latent/fit_flow.hpp>
#include <latentcell/latent/fit_ot_flow.hpp>
#include <latentcell/latent/from_obs.hpp>
#include <latentcell/latent/instances.hpp>
#include <latentcell/latent/latent_flow.hpp>
#include <latentcell/latent/obs_conditions.hpp>
#include <latentcell/latent/push_forward.hpp>
#include <latentcell/latent/reflow.hpp>
#include <latentcell/latent/sample_counts.hpp>
