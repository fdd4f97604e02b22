// error: l.heads()
#include <latentcell/autoencoder/vae.hpp>

namespace lc = latentcell;

struct Own : lc::Poisson<float> {
  using lc::Poisson<float>::CountLikelihood;
#ifndef RIGHT
  lc::Index heads() const = delete;
#endif
};

using Model = lc::Vae<float, Own>;
lc::Index size() { return sizeof(Model); }
