// error: DispersedLikelihood
#include <latentcell/generation/calibrate_dispersion.hpp>

namespace lc = latentcell;

#ifdef RIGHT
using Likelihood = lc::NegativeBinomial<float>;
#else
using Likelihood = lc::Poisson<float>;
#endif

void calibrate(lc::Vae<float, Likelihood>& vae, const lc::CellTable& cells, lc::Rng& rng) {
  lc::generation::calibrate_dispersion(vae, cells, {}, rng);
}
