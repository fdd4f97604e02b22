// Other parts in the same places: a VQ-VAE, whose latent is a few codes, in place of the VAE; DDPM
// diffusion in place of a rectified flow; DPM-Solver++ in place of an ODE integrator. Ten steps of
// it come about as near to the latents of real cells as a hundred steps of DDPM's own sampler.
#include <cstdio>
#include <string>
#include <vector>

#include <latentcell/latentcell.hpp>
#include <latentcell/metric/energy_distance.hpp>

namespace lc = latentcell;

int main() {
  lc::Rng rng(1);
  const lc::CellTable cells = lc::simulate({.cells = 1000, .genes = 200, .types = 3}, rng);
  const std::vector<std::string> types = cells.obs("cell_type").levels;

  // The latent of 8 numbers is cut into 4 pieces; each piece becomes one of 16 codes.
  lc::VqVae<float, lc::NegativeBinomial<float>> vq_vae(
      {.genes = 200, .hidden = {64}, .latent = 8, .codebook = {.groups = 4, .codes = 16}}, rng);
  lc::fit(vq_vae, cells, {.epochs = 60});
  const lc::LatentTable latents = lc::encode(vq_vae, cells);  // before they are quantised
  const double codes_in_use = vq_vae.codebook.perplexity(lc::view(latents.mean));

  lc::LatentFlow diffusion(
      lc::Ddpm{.schedule = lc::NoiseSchedule::cosine, .prediction = lc::Prediction::velocity},
      lc::ResidualMlp<float>({.latent = 8, .width = 64, .depth = 2, .condition = 32}, rng),
      lc::from_obs("cell_type", types, lc::CategoricalCovariate<float>(3, 32, rng)));
  lc::fit(diffusion, latents, {.epochs = 60, .ema = 0.99f});

  // The same mix of types as in the data, so that the two sets can be compared.
  const auto distance = [&](lc::Method method, lc::Index steps) {
    const lc::LatentTable z =
        diffusion.generate({.cells = latents.cell_columns, .steps = steps, .method = method}, rng);
    return lc::metric::energy_distance(lc::view(z.mean), lc::view(latents.mean));
  };
  const lc::Matrix<float> noise = lc::Matrix<float>::Random(1000, 8);
  const double of_noise = lc::metric::energy_distance(lc::view(noise), lc::view(latents.mean));
  const double ancestral = distance(lc::Method::ancestral, 100);
  const double dpm_solver = distance(lc::Method::dpm_multistep, 10);
  std::printf(
      "%.1f codes in use; energy distance to real latents: DDPM, 100 steps %.4f;\n"
      "DPM-Solver++, 10 steps %.4f; noise %.4f\n",
      codes_in_use, ancestral, dpm_solver, of_noise);
  return codes_in_use > 2 && ancestral < 0.05 * of_noise && dpm_solver < 0.05 * of_noise ? 0 : 1;
}
