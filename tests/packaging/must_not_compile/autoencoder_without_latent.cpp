// error: a.latent()
#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/latent/encode.hpp>

namespace lc = latentcell;

struct Own : lc::Vae<float, lc::Poisson<float>> {
  using lc::Vae<float, lc::Poisson<float>>::Vae;
#ifndef RIGHT
  lc::Index latent() const = delete;
#endif
};

lc::LatentTable run(const Own& model, const lc::CellTable& cells) { return lc::encode(model, cells); }
