#include <latentcell/kernel/gemm.hpp>

#ifdef USES_IO
#include <hdf5.h>
#include <zlib.h>
#endif

// The same products in double, which has no instances, from the program's second file.
double other() {
#ifdef USES_IO
  if (H5open() < 0 || zlibVersion() == nullptr) return 0;
#endif
  latentcell::Matrix<double> a(1, 2), b(1, 2), c(1, 1);
  a << 4, 5;
  b << 1, 8;
  c.setZero();
  const latentcell::Matrix<double>&x = a, &y = b;
  latentcell::kernel::gemm_nt(latentcell::view(x), latentcell::view(y), latentcell::view(c));
  return c(0, 0);
}
