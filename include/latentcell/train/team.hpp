#pragma once

#include <concepts>
#include <span>

#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE {

/// Ranks, each a process with a model of its own, that take every step together.
/// rank(), size()      this rank, from 0, of how many
/// sum(numbers)        replaces float or double numbers by their sums over all ranks, to the same bits on each. All
/// ranks
///                     call it, in the same order and with as many numbers; it is reproducible for one number of ranks
template <class X>
concept Team = requires(X& team, const X& same, std::span<float> single, std::span<double> real) {
  { same.rank() } -> std::convertible_to<Index>;
  { same.size() } -> std::convertible_to<Index>;
  team.sum(single);
  team.sum(real);
};

/// The team of one process: it compiles to nothing.
struct Alone {
  static constexpr Index rank() { return 0; }
  static constexpr Index size() { return 1; }
  static constexpr void sum(std::span<float>) {}
  static constexpr void sum(std::span<double>) {}
};

/// A Team behind one type, for code that is compiled once whatever runs it; one process where none is given. The team
/// must outlive it.
class AnyTeam {
 public:
  AnyTeam() = default;
  template <Team Of>
  requires(!std::same_as<Of, AnyTeam>) AnyTeam(Of& team)
      : team_(&team),
        rank_(team.rank()),
        size_(team.size()),
        single_([](void* of, std::span<float> x) { static_cast<Of*>(of)->sum(x); }),
        real_([](void* of, std::span<double> x) { static_cast<Of*>(of)->sum(x); }) {}

  Index rank() const { return rank_; }
  Index size() const { return size_; }
  void sum(std::span<float> x) const {
    if (size_ > 1) single_(team_, x);
  }
  void sum(std::span<double> x) const {
    if (size_ > 1) real_(team_, x);
  }

 private:
  void* team_ = nullptr;
  Index rank_ = 0, size_ = 1;
  void (*single_)(void*, std::span<float>) = nullptr;
  void (*real_)(void*, std::span<double>) = nullptr;
};

/// Whether anything holds on any rank.
template <Team Of, std::same_as<bool> Holds>
bool any_rank(Of& team, Holds here) {
  double count = here ? 1 : 0;
  team.sum(std::span<double>(&count, 1));
  return count > 0;
}

}  // namespace latentcell
