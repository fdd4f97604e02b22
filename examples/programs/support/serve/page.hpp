#pragma once

namespace serve {

/// The page at /, which CMake makes of page.html.
extern const char* const page;

}  // namespace serve
