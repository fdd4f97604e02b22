#pragma once

// Parts and the two stages, which need no more than Eigen and OpenMP, for a first program; single headers compile
// faster. Not included are the wings, <latentcell/generation/generation.hpp> and the like; evaluation,
// <latentcell/evaluate/...> and <latentcell/metric/...>; windows on Eigen's own tensors, <latentcell/core/tensor.hpp>;
// gradient checks, <latentcell/autodiff/gradcheck.hpp>; and files of cells (h5ad, 10x, Matrix Market, CSV):
// <latentcell/io/...>, target latentcell::io.

#include <latentcell/core/abi.hpp>
#include <latentcell/core/arena.hpp>
#include <latentcell/core/cell_batch.hpp>
#include <latentcell/core/counts.hpp>
#include <latentcell/core/enum_name.hpp>
#include <latentcell/core/error.hpp>
#include <latentcell/core/gaussian_path.hpp>
#include <latentcell/core/joint_batch.hpp>
#include <latentcell/core/options.hpp>
#include <latentcell/core/random_draw.hpp>
#include <latentcell/core/rng.hpp>
#include <latentcell/core/shape.hpp>
#include <latentcell/core/threads.hpp>
#include <latentcell/core/types.hpp>
#include <latentcell/core/version.hpp>

#include <latentcell/kernel/attention.hpp>
#include <latentcell/kernel/bernoulli.hpp>
#include <latentcell/kernel/centred_rows.hpp>
#include <latentcell/kernel/cholesky.hpp>
#include <latentcell/kernel/count_decoder.hpp>
#include <latentcell/kernel/count_decoder_block.hpp>
#include <latentcell/kernel/count_decoder_memory.hpp>
#include <latentcell/kernel/count_draw.hpp>
#include <latentcell/kernel/count_likelihood.hpp>
#include <latentcell/kernel/count_loss.hpp>
#include <latentcell/kernel/count_quantile.hpp>
#include <latentcell/kernel/count_targets.hpp>
#include <latentcell/kernel/dispatch.hpp>
#include <latentcell/kernel/dot.hpp>
#include <latentcell/kernel/gamma.hpp>
#include <latentcell/kernel/gaussian.hpp>
#include <latentcell/kernel/gemm.hpp>
#include <latentcell/kernel/gemm_tile.hpp>
#include <latentcell/kernel/csc.hpp>
#include <latentcell/kernel/jacobi_eigen.hpp>
#include <latentcell/kernel/layer_norm.hpp>
#include <latentcell/kernel/log_normalize.hpp>
#include <latentcell/kernel/modulate.hpp>
#include <latentcell/kernel/nearest_code.hpp>
#include <latentcell/kernel/negative_binomial.hpp>
#include <latentcell/kernel/neighbors.hpp>
#include <latentcell/kernel/optimizer.hpp>
#include <latentcell/kernel/pairwise.hpp>
#include <latentcell/kernel/parallel.hpp>
#include <latentcell/kernel/pca.hpp>
#include <latentcell/kernel/poisson.hpp>
#include <latentcell/kernel/rows.hpp>
#include <latentcell/kernel/sparse_linear.hpp>
#include <latentcell/kernel/stirling.hpp>
#include <latentcell/kernel/vector_math.hpp>
#include <latentcell/kernel/zero_inflated.hpp>

#include <latentcell/autodiff/by_name.hpp>
#include <latentcell/autodiff/param.hpp>
#include <latentcell/autodiff/params.hpp>
#include <latentcell/autodiff/tape.hpp>
#include <latentcell/autodiff/value_budget.hpp>
#include <latentcell/autodiff/var.hpp>
#include <latentcell/autodiff/visit.hpp>

#include <latentcell/op/attention.hpp>
#include <latentcell/op/slice_columns.hpp>
#include <latentcell/op/reshape.hpp>
#include <latentcell/op/mse.hpp>
#include <latentcell/op/concat.hpp>
#include <latentcell/op/broadcast.hpp>
#include <latentcell/op/affine.hpp>
#include <latentcell/op/add_positions.hpp>
#include <latentcell/op/count_decoder.hpp>
#include <latentcell/op/count_loss.hpp>
#include <latentcell/op/dropout.hpp>
#include <latentcell/op/elementwise.hpp>
#include <latentcell/op/embedding.hpp>
#include <latentcell/op/gaussian.hpp>
#include <latentcell/op/csc.hpp>
#include <latentcell/op/layer_norm.hpp>
#include <latentcell/op/linear.hpp>
#include <latentcell/op/log_normal.hpp>
#include <latentcell/op/log_normalized.hpp>
#include <latentcell/op/matmul.hpp>
#include <latentcell/op/modulate.hpp>
#include <latentcell/op/protein_loss.hpp>
#include <latentcell/op/reduce.hpp>
#include <latentcell/op/replace_rows.hpp>
#include <latentcell/op/sparse_linear.hpp>
#include <latentcell/op/straight_through.hpp>
#include <latentcell/op/tokens.hpp>

#include <latentcell/nn/attention.hpp>
#include <latentcell/nn/codebook.hpp>
#include <latentcell/nn/init.hpp>
#include <latentcell/nn/layer_norm.hpp>
#include <latentcell/nn/linear.hpp>
#include <latentcell/nn/mlp.hpp>
#include <latentcell/nn/sparse_linear.hpp>
#include <latentcell/nn/time_embedding.hpp>

#include <latentcell/likelihood/likelihood.hpp>
#include <latentcell/likelihood/moments_start.hpp>
#include <latentcell/likelihood/protein_mixture.hpp>

#include <latentcell/condition/categorical_covariate.hpp>
#include <latentcell/condition/covariates.hpp>
#include <latentcell/condition/gene_set.hpp>
#include <latentcell/condition/continuous_covariate.hpp>

#include <latentcell/autoencoder/count_autoencoder_base.hpp>
#include <latentcell/autoencoder/count_autoencoder_options.hpp>
#include <latentcell/autoencoder/joint_vae.hpp>
#include <latentcell/autoencoder/latent_prior.hpp>
#include <latentcell/autoencoder/pca_autoencoder.hpp>
#include <latentcell/autoencoder/plain_autoencoder.hpp>
#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/autoencoder/vq_gan.hpp>
#include <latentcell/autoencoder/vq_vae.hpp>

#include <latentcell/backbone/dit.hpp>
#include <latentcell/backbone/injection.hpp>
#include <latentcell/backbone/latent_unet.hpp>
#include <latentcell/backbone/mlp_block.hpp>
#include <latentcell/backbone/residual_mlp.hpp>

#include <latentcell/transport/assignment.hpp>
#include <latentcell/transport/geodesic.hpp>
#include <latentcell/transport/sinkhorn.hpp>
#include <latentcell/transport/unbalanced.hpp>

#include <latentcell/flow/coupling.hpp>
#include <latentcell/flow/ddpm.hpp>
#include <latentcell/flow/interpolate.hpp>
#include <latentcell/flow/noise_schedule.hpp>
#include <latentcell/flow/rectified_flow.hpp>
#include <latentcell/flow/time_sampling.hpp>
#include <latentcell/flow/vp_sde.hpp>

#include <latentcell/sample/denoise.hpp>
#include <latentcell/sample/dormand_prince.hpp>
#include <latentcell/sample/guidance.hpp>
#include <latentcell/sample/integrate.hpp>
#include <latentcell/sample/log_likelihood.hpp>
#include <latentcell/sample/method.hpp>
#include <latentcell/sample/step.hpp>
#include <latentcell/sample/velocity_field.hpp>

#include <latentcell/optim/adamw.hpp>
#include <latentcell/optim/clip.hpp>
#include <latentcell/optim/ema.hpp>
#include <latentcell/optim/gradient_sum.hpp>
#include <latentcell/optim/schedule.hpp>

#include <latentcell/data/align_genes.hpp>
#include <latentcell/data/annotation.hpp>
#include <latentcell/data/append_cells.hpp>
#include <latentcell/data/cell_table.hpp>
#include <latentcell/data/filter.hpp>
#include <latentcell/data/highly_variable.hpp>
#include <latentcell/data/joint_batches.hpp>
#include <latentcell/data/latent_table.hpp>
#include <latentcell/data/loess.hpp>
#include <latentcell/data/minibatch.hpp>
#include <latentcell/data/modality.hpp>
#include <latentcell/data/normalize.hpp>
#include <latentcell/data/pseudobulk.hpp>
#include <latentcell/data/read_numeric_column.hpp>
#include <latentcell/data/read_times.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/data/simulate_development.hpp>
#include <latentcell/data/simulate_multiomics.hpp>
#include <latentcell/data/simulate_tissue_slice.hpp>
#include <latentcell/data/split.hpp>
#include <latentcell/data/thinning.hpp>

#include <latentcell/io/atomic_file.hpp>
#include <latentcell/io/checkpoint.hpp>
#include <latentcell/io/flat_json.hpp>
#include <latentcell/io/safetensors.hpp>
#include <latentcell/io/save_model.hpp>
#include <latentcell/io/setting_text.hpp>
#include <latentcell/io/tenx_features.hpp>
#include <latentcell/io/sort_rows.hpp>
#include <latentcell/io/unique_names.hpp>
#include <latentcell/io/value_check.hpp>

#include <latentcell/train/checkpoint.hpp>
#include <latentcell/train/csv_log.hpp>
#include <latentcell/train/epochs_for_steps.hpp>
#include <latentcell/train/fit.hpp>
#include <latentcell/train/fit_cells.hpp>
#include <latentcell/train/fit_joint.hpp>
#include <latentcell/train/history.hpp>
#include <latentcell/train/progress.hpp>
#include <latentcell/train/stages.hpp>
#if __has_include(<unistd.h>)  // POSIX only
#include <latentcell/train/stop_on_signal.hpp>
#endif
#include <latentcell/train/train_state.hpp>

#include <latentcell/latent/sample_latents.hpp>
#include <latentcell/latent/obs_conditions.hpp>
#include <latentcell/latent/sample_counts.hpp>
#include <latentcell/autoencoder/autoencoder.hpp>
#include <latentcell/backbone/backbone.hpp>
#include <latentcell/flow/flow_path.hpp>
#include <latentcell/likelihood/likelihood_concept.hpp>
#include <latentcell/likelihood/likelihood_input.hpp>
#include <latentcell/sample/sampler.hpp>
#include <latentcell/nn/standardizer.hpp>
#include <latentcell/latent/cell_likelihood.hpp>
#include <latentcell/latent/condition_value.hpp>
#include <latentcell/latent/count_sampling.hpp>
#include <latentcell/latent/decoded_expression.hpp>
#include <latentcell/latent/decoder_sensitivity.hpp>
#include <latentcell/latent/expected_counts.hpp>
#include <latentcell/latent/explained_variance.hpp>
#include <latentcell/latent/fit_ot_flow.hpp>
#include <latentcell/latent/for_each_decoded.hpp>
#include <latentcell/latent/from_obs.hpp>
#include <latentcell/latent/group_moments.hpp>
#include <latentcell/latent/integrate_path.hpp>
#include <latentcell/latent/latent_traversal.hpp>
#include <latentcell/latent/match_cells.hpp>
#include <latentcell/latent/obs_category.hpp>
#include <latentcell/latent/obs_genes.hpp>
#include <latentcell/latent/obs_numbers.hpp>
#include <latentcell/latent/obs_vectors.hpp>
#include <latentcell/latent/push_forward.hpp>
#include <latentcell/latent/reconstruction_correlation.hpp>
#include <latentcell/latent/source_rows.hpp>
#include <latentcell/latent/encode.hpp>
#include <latentcell/latent/fine_tune.hpp>
#include <latentcell/latent/fit_flow.hpp>
#include <latentcell/latent/flow_likelihood.hpp>
#include <latentcell/latent/sample_options.hpp>
#include <latentcell/latent/latent_flow.hpp>
#include <latentcell/latent/library_size_model.hpp>
#include <latentcell/latent/reflow.hpp>
#include <latentcell/latent/gene_mean_correction.hpp>
