#pragma once

#include <Eigen/Core>

#include <latentcell/core/version.hpp>

// -march changes Eigen's largest alignment, and with it the layout of what files share. Files that disagree must not
// meet in one program: below, one symbol is thread-local for some and plain for others, which GNU ld and gold refuse
// to link ("TLS reference in a.o mismatches non-TLS definition in b.o"). Files that agree link as always, with any
// linker; lld does not look. The cure is the same -march everywhere, for example by linking latentcell::native.

namespace LATENTCELL_NAMESPACE::detail {

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

// A file that takes its instances from a library refers to three symbols whose names say how it was compiled. A library
// of another version, alignment, sanitizer or OpenMP defines others: "undefined reference to
// `latentcell::v0_1_0::detail::instances_with_address_sanitizer'". Every linker looks.
#ifdef LATENTCELL_INSTANCES

#if EIGEN_MAX_ALIGN_BYTES >= 64
#define LATENTCELL_INSTANCES_ALIGNED instances_aligned_to_64_bytes
#elif EIGEN_MAX_ALIGN_BYTES >= 32
#define LATENTCELL_INSTANCES_ALIGNED instances_aligned_to_32_bytes
#else
#define LATENTCELL_INSTANCES_ALIGNED instances_aligned_to_16_bytes
#endif

#ifdef __clang__
#if __has_feature(address_sanitizer)
#define LATENTCELL_INSTANCES_SANITIZED instances_with_address_sanitizer
#elif __has_feature(thread_sanitizer)
#define LATENTCELL_INSTANCES_SANITIZED instances_with_thread_sanitizer
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define LATENTCELL_INSTANCES_SANITIZED instances_with_address_sanitizer
#elif defined(__SANITIZE_THREAD__)
#define LATENTCELL_INSTANCES_SANITIZED instances_with_thread_sanitizer
#endif
#ifndef LATENTCELL_INSTANCES_SANITIZED
#define LATENTCELL_INSTANCES_SANITIZED instances_without_sanitizer
#endif

#ifdef _OPENMP
#define LATENTCELL_INSTANCES_THREADED instances_with_openmp
#else
#define LATENTCELL_INSTANCES_THREADED instances_without_openmp
#endif

namespace LATENTCELL_NAMESPACE::detail {

extern const char LATENTCELL_INSTANCES_ALIGNED, LATENTCELL_INSTANCES_SANITIZED, LATENTCELL_INSTANCES_THREADED;

// One for each file, not one for the program: each must have what it refers to.
[[gnu::used]] static const char* const instances_needed[] = {
    &LATENTCELL_INSTANCES_ALIGNED, &LATENTCELL_INSTANCES_SANITIZED, &LATENTCELL_INSTANCES_THREADED};

}  // namespace latentcell::detail

#endif
