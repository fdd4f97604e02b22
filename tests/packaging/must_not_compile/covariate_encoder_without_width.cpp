// error: e.width()
#include <latentcell/latent/from_obs.hpp>

namespace lc = latentcell;

struct Own {
  using Scalar = float;
  lc::Index columns() const { return 1; }
#ifdef RIGHT
  lc::Index width() const { return 1; }
#endif
  lc::Var<float> operator()(lc::Tape<float>& tape, lc::ConstView<float> cells) const { return tape.constant(cells); }
  static void visit(auto&, auto&&) {}
};

lc::Index columns() { return lc::from_obs(lc::ObsNumbers{{"dose"}}, Own()).columns(); }
