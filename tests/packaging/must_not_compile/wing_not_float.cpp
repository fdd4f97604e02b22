// error: generation::ModelOf is float
#include <latentcell/generation/model.hpp>

namespace lc = latentcell;

#ifdef RIGHT
using Scalar = float;
#else
using Scalar = double;
#endif

lc::Index size() { return sizeof(lc::generation::ModelOf<lc::ResidualMlp<Scalar>>); }
