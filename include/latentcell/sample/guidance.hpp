#pragma once

#include <cmath>
#include <utility>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/error.hpp>
#include <latentcell/kernel/rows.hpp>
#include <latentcell/sample/velocity_field.hpp>

namespace LATENTCELL_NAMESPACE {

/// Weight and interval of guidance.
struct GuidanceOptions {
  double weight = 1;        ///< 1: the conditional velocity as it is; larger: more typical, less varied cells
  double from = 0, to = 1;  ///< times between which both velocities are combined; outside, the conditional one is used

  static void visit(auto& self, auto&& f) {
    f("weight", self.weight, finite());
    f("from", self.from, finite());
    f("to", self.to, finite());
  }
};

/// A velocity field made of a conditional and an unconditional one; guided() makes it.
template <class T, VelocityField<T> C, VelocityField<T> U>
class Guided {
 public:
  Guided(C conditional, U unconditional, const GuidanceOptions& options)
      : conditional_(std::move(conditional)), unconditional_(std::move(unconditional)), options_(options) {
    check_options("guided", options_);
    LATENTCELL_REQUIRE(options_.from <= options_.to, "guided: acts from ", options_.from, " to ", options_.to,
                       ", which is no interval");
  }

  void operator()(T t, ConstView<T> z, View<T> dz) {
    const bool inside = double(t) >= options_.from && double(t) <= options_.to;
    if (!inside || options_.weight == 1) {
      conditional_(t, z, dz);
      return;
    }
    unconditional_(t, z, dz);
    if (options_.weight == 0) return;
    if (memory_.size() != to_size(z.size())) memory_.resize(to_size(z.size()));
    View<T> with(memory_.data(), z.rows(), z.cols());
    conditional_(t, z, with);
    const T weight = T(options_.weight);
    T* v = dz.data();
    const T* c = with.data();
    kernel::each_element(
        z.size(), [=](Index i) __attribute__((always_inline)) { v[i] += weight * (c[i] - v[i]); });
  }

 private:
  C conditional_;
  U unconditional_;
  GuidanceOptions options_;
  std::vector<T> memory_;
};

/// Classifier-free guidance: v_u + weight * (v_c - v_u).   two fields of (B, D) -> one
/// Ho and Salimans 2022; the interval is that of Kynkaanniemi et al. 2024. Weight 1 and times outside the interval
/// evaluate the conditional field only, weight 0 inside it the unconditional one only, any other weight both. Fields
/// are kept by value; give std::ref for one that must not be copied.
template <class T = float, class C, class U>
requires VelocityField<C, T> && VelocityField<U, T> Guided<T, C, U> guided(C conditional, U unconditional,
                                                                           const GuidanceOptions& options = {}) {
  return Guided<T, C, U>(std::move(conditional), std::move(unconditional), options);
}

}  // namespace latentcell
