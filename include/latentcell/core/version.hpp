#pragma once

// Every header reaches this one before its own first line, so what the compiler lacks is said here, once: the missing
// file ends the compilation before a thousand other messages.
#if __cplusplus < 202002L
#error "latentcell needs C++20: compile with -std=c++20 or later."
#include <stopped by the error above>
#elif !defined(__cpp_exceptions)
#error "latentcell reports bad input with exceptions: compile without -fno-exceptions."
#include <stopped by the error above>
#endif

// CMake reads these three lines; there is no second place.
#define LATENTCELL_VERSION_MAJOR 0
#define LATENTCELL_VERSION_MINOR 1
#define LATENTCELL_VERSION_PATCH 0

// `namespace LATENTCELL_NAMESPACE::kernel {` opens latentcell::kernel in an inline namespace named after the version,
// v0_1_0: programs say latentcell::kernel, and no symbol of one version is taken for another's.
#define LATENTCELL_NAMESPACE \
  LATENTCELL_EXPANDED(LATENTCELL_NAME_OF, LATENTCELL_VERSION_MAJOR, LATENTCELL_VERSION_MINOR, LATENTCELL_VERSION_PATCH)
#define LATENTCELL_EXPANDED(macro, ...) macro(__VA_ARGS__)
#define LATENTCELL_NAME_OF(major, minor, patch) latentcell::inline v##major##_##minor##_##patch
#define LATENTCELL_TEXT_OF(major, minor, patch) #major "." #minor "." #patch

namespace LATENTCELL_NAMESPACE {

/// The library's version, "major.minor.patch". Checkpoints store it.
inline constexpr const char* version = LATENTCELL_EXPANDED(LATENTCELL_TEXT_OF, LATENTCELL_VERSION_MAJOR,
                                                           LATENTCELL_VERSION_MINOR, LATENTCELL_VERSION_PATCH);

}  // namespace latentcell
