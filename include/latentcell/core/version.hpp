#pragma once

// CMake reads these three lines; there is no second place.
#define LATENTCELL_VERSION_MAJOR 0
#define LATENTCELL_VERSION_MINOR 1
#define LATENTCELL_VERSION_PATCH 0

namespace latentcell {

/// The library's version, "major.minor.patch". Checkpoints store it.
inline constexpr const char* version = "0.1.0";

}  // namespace latentcell
