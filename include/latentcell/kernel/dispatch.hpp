#pragma once

#include <algorithm>
#include <atomic>
#include <type_traits>

#include <latentcell/core/types.hpp>
#include <latentcell/kernel/vector_math.hpp>

// One source, compiled for several instruction sets, chosen when the program runs: a build without -march runs the hot
// kernels as wide as the machine allows. With -march the sets below the one that it promises are left out, unless
// LATENTCELL_EVERY_ISA is defined, as tests do. What is called from `vectorized` and is not inlined stays portable code,
// so everything below it is LATENTCELL_INLINE.

#if (defined(__x86_64__) || defined(__amd64__)) && !defined(LATENTCELL_PORTABLE)
#define LATENTCELL_DISPATCHES 1
#define LATENTCELL_TARGET_AVX2 __attribute__((target("avx2,fma,bmi,bmi2,f16c")))
#define LATENTCELL_TARGET_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi,bmi2,f16c")))
#else
#define LATENTCELL_DISPATCHES 0
#endif

namespace LATENTCELL_NAMESPACE::kernel {

/// Instruction sets that the hot kernels exist for, in ascending order.
enum class Isa { portable, avx2, avx512 };

/// The least instruction set that kernels of this file are compiled for.
#if defined(LATENTCELL_PORTABLE) || defined(LATENTCELL_EVERY_ISA)
inline constexpr Isa least_isa = Isa::portable;
#elif defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__) && \
    defined(__FMA__)
inline constexpr Isa least_isa = Isa::avx512;
#elif defined(__AVX2__) && defined(__FMA__) && defined(__BMI2__)
inline constexpr Isa least_isa = Isa::avx2;
#else
inline constexpr Isa least_isa = Isa::portable;
#endif

/// An instruction set as a type, for a body that wants to know it when it is compiled.
template <Isa isa_>
struct IsaOf {
  static constexpr Isa isa = isa_;
  static constexpr int vector_bytes = isa == Isa::avx512 ? 64 : isa == Isa::avx2 ? 32 : 16;
};

namespace detail {

inline Isa detect_isa() {
#if LATENTCELL_DISPATCHES
  if constexpr (least_isa == Isa::avx512) return Isa::avx512;
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma")) {
    return Isa::avx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2"))
    return Isa::avx2;
#endif
  return Isa::portable;
}

inline std::atomic<Isa>& isa_in_use() {
  static std::atomic<Isa> isa{detect_isa()};
  return isa;
}

template <Isa isa, class Body>
LATENTCELL_INLINE void run_body(const Body& body) {
  if constexpr (std::is_invocable_v<const Body&, IsaOf<isa>>) {
    body(IsaOf<isa>());
  } else {
    body();
  }
}

#if LATENTCELL_DISPATCHES
template <class Body>
LATENTCELL_TARGET_AVX512 void run_avx512(const Body& body) {
  run_body<Isa::avx512>(body);
}
template <class Body>
LATENTCELL_TARGET_AVX2 void run_avx2(const Body& body) {
  run_body<Isa::avx2>(body);
}
#endif

}  // namespace detail

/// The instruction set that kernels run with: the machine's best, or what limit_isa allows.
inline Isa isa() { return detail::isa_in_use().load(std::memory_order_relaxed); }

/// Keeps kernels to an instruction set, for tests and comparisons; never above what the machine has, never below
/// least_isa.
inline void limit_isa(Isa most) {
  detail::isa_in_use() = std::max(least_isa, std::min(most, detail::detect_isa()));
}

/// Runs body(), or body(IsaOf<...>) where it takes that, compiled for the instruction set in use.
/// body must be marked __attribute__((always_inline)), and so must all that it calls and that should be wide; it
/// captures by value, because GCC does not vectorise a loop whose bounds it reads through references.
template <class Body>
void vectorized(const Body& body) {
#if LATENTCELL_DISPATCHES
  if constexpr (least_isa < Isa::avx512) {
    if (isa() == Isa::avx512) return detail::run_avx512(body);
  }
  if constexpr (least_isa < Isa::avx2) {
    if (isa() == Isa::avx2) return detail::run_avx2(body);
  }
#endif
  detail::run_body<least_isa>(body);
}

}  // namespace latentcell::kernel
