#pragma once

#include <Eigen/Core>

// -march changes Eigen's largest alignment, and with it the layout of what files share. Files that disagree must not
// meet in one program: below, one symbol is thread-local for some and plain for others, which GNU ld and gold refuse
// to link ("TLS reference in a.o mismatches non-TLS definition in b.o"). Files that agree link as always, with any
// linker; lld does not look. The cure is the same -march everywhere, for example by linking latentcell::native.

namespace latentcell::detail {

[[gnu::used]] inline
#if EIGEN_MAX_ALIGN_BYTES >= 32
    thread_local
#endif
    constinit const char files_differ_in_march_and_eigen_alignment_32 = 0;

[[gnu::used]] inline
#if EIGEN_MAX_ALIGN_BYTES >= 64
    thread_local
#endif
    constinit const char files_differ_in_march_and_eigen_alignment_64 = 0;

}  // namespace latentcell::detail
