#pragma once

// Catch2 2.13 and 3.x under one name each.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
inline auto ContainsText(const std::string& part) { return Catch::Matchers::ContainsSubstring(part); }
#else
#include <catch2/catch.hpp>
inline auto ContainsText(const std::string& part) { return Catch::Matchers::Contains(part); }
#endif
