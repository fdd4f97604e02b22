#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

#include <latentcell/core/version.hpp>

namespace LATENTCELL_NAMESPACE {

/// Philox4x32-10, the counter-based generator of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3"
/// (SC 2011): block i of a stream is a pure function of (seed, stream, i), so threads may fill parts of one array
/// and the answer does not depend on how many there are.
struct Philox {
  static constexpr int rounds = 10;
  static constexpr std::uint64_t multiplier[2] = {0xD2511F53u, 0xCD9E8D57u};
  static constexpr std::uint32_t key_step[2] = {0x9E3779B9u, 0xBB67AE85u};

  static std::array<std::uint32_t, 4> block(std::uint64_t seed, std::uint64_t stream, std::uint64_t index) {
    std::array<std::uint32_t, 4> c{std::uint32_t(index), std::uint32_t(index >> 32), std::uint32_t(stream),
                                   std::uint32_t(stream >> 32)};
    std::uint32_t k0 = std::uint32_t(seed), k1 = std::uint32_t(seed >> 32);
    for (int round = 0; round < rounds; ++round) {
      const std::uint64_t a = multiplier[0] * c[0];
      const std::uint64_t b = multiplier[1] * c[2];
      c = {std::uint32_t(b >> 32) ^ c[1] ^ k0, std::uint32_t(b), std::uint32_t(a >> 32) ^ c[3] ^ k1, std::uint32_t(a)};
      k0 += key_step[0];
      k1 += key_step[1];
    }
    return c;
  }
};

/// A stream of random numbers: a value, copied and passed by reference, never global.
/// Models UniformRandomBitGenerator.
class Rng {
 public:
  using result_type = std::uint32_t;

  explicit Rng(std::uint64_t seed, std::uint64_t stream = 0) : seed_(seed), stream_(stream) {}

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }

  /// The next 32 random bits.
  result_type operator()() {
    if (left_ == 0) {
      buffer_ = Philox::block(seed_, stream_, counter_++);
      left_ = 4;
    }
    return buffer_[4 - left_--];
  }

  /// Uniform on (0, 1), 23 bits: never 0 and never 1, for the half added to a 24th would round the largest up to 1.
  float uniform() { return (float((*this)() >> 9) + 0.5f) * 0x1p-23f; }

  /// Uniform on (0, 1), 52 bits.
  double uniform_double() {
    const std::uint64_t high = (*this)() >> 6, low = (*this)() >> 6;
    return (double(high << 26 | low) + 0.5) * 0x1p-52;
  }

  /// Uniform on [0, n).   n > 0
  std::uint64_t below(std::uint64_t n) {
    // Rejection keeps every value equally likely; the loop is entered again with a chance below n / 2^64.
    const std::uint64_t limit = std::numeric_limits<std::uint64_t>::max() / n * n;
    for (;;) {
      const std::uint64_t high = (*this)(), low = (*this)();
      const std::uint64_t draw = high << 32 | low;
      if (draw < limit) return draw % n;
    }
  }

  /// Standard normal (Box and Muller; the second of the pair is not kept, so that the state is the counter alone).
  double normal() {
    const double radius = std::sqrt(-2.0 * std::log(uniform_double()));
    return radius * std::cos(6.283185307179586477 * uniform_double());
  }

  /// A generator for a part of the work: independent of this one and of forks taken before or after.
  Rng fork() {
    const std::uint64_t high = (*this)(), low = (*this)();
    return Rng(seed_ ^ 0x9E3779B97F4A7C15u, high << 32 | low);
  }

  /// Passes over the next n numbers of 32 bits, at no cost. A fork takes 2 of them, a normal number 4.
  void skip(std::uint64_t n) {
    State to = state();
    to.drawn += n;
    *this = restore(to);
  }

  /// A generator for item i of a parallel loop: a pure function of this generator's state and i.
  Rng at(std::uint64_t i) const {
    const auto key = Philox::block(seed_ + 0x632BE59BD9B4E019u, stream_, counter_ * 4 - left_);
    return Rng(std::uint64_t(key[0]) << 32 | key[1], (std::uint64_t(key[2]) << 32 | key[3]) + i);
  }

  /// Position, for checkpoints: Rng::restore(state()) goes on with the same numbers.
  struct State {
    std::uint64_t seed = 0, stream = 0, drawn = 0;
    bool operator==(const State&) const = default;
  };
  State state() const { return {seed_, stream_, counter_ * 4 - left_}; }
  static Rng restore(const State& state) {
    Rng rng(state.seed, state.stream);
    rng.counter_ = state.drawn / 4;
    for (std::uint64_t i = 0; i < state.drawn % 4; ++i) rng();
    return rng;
  }

 private:
  std::uint64_t seed_, stream_, counter_ = 0;
  std::array<std::uint32_t, 4> buffer_{};
  std::uint32_t left_ = 0;
};

}  // namespace latentcell
