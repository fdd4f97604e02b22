// error: deleted function
#include <latentcell/core/types.hpp>

latentcell::Matrix<float> make();

latentcell::Index rows() {
#ifdef RIGHT
  const latentcell::Matrix<float> matrix = make();
  return latentcell::view(matrix).rows();
#else
  return latentcell::view(make()).rows();  // the window would outlive the matrix
#endif
}
