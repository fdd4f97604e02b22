#include <latentcell/core/counts.hpp>
#include <latentcell/core/version.hpp>
#include <latentcell/kernel/gemm.hpp>
#ifdef USES_MPI
#include <latentcell/distributed/run.hpp>
#endif

#include <cstdio>
#include <utility>

#if defined(USES_INSTANCES) != defined(LATENTCELL_INSTANCES)
#error "LATENTCELL_INSTANCES belongs to the users of latentcell::instances and to nobody else"
#endif

double other();

namespace lc = latentcell;

int main() {
#ifdef USES_MPI
  static_assert(lc::Team<lc::MpiTeam>);
#endif
  lc::Matrix<float> a(2, 3), b(3, 2), c(2, 2);
  a << 1, 2, 3, 4, 5, 6;
  b << 1, 0, 0, 1, 1, 1;
  c.setZero();
  lc::kernel::gemm_nn(lc::view(a), lc::view(b), lc::view(c));
  const bool right =
      int(c(0, 0)) == 4 && int(c(0, 1)) == 5 && int(c(1, 0)) == 10 && int(c(1, 1)) == 11 && int(other()) == 44;
  std::printf("latentcell %s: %s\n", lc::version, right ? "the numbers are right" : "WRONG NUMBERS");
  return right ? 0 : 1;
}
