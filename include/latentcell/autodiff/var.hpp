#pragma once

#include <cstdint>

#include <latentcell/core/error.hpp>
#include <latentcell/core/shape.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE {

template <class T>
class Tape;

/// A handle on a matrix of a tape: cheap to copy, valid until the tape's next reset(); a later use throws.
template <class T>
class Var {
 public:
  Var() = default;

  Tape<T>& tape() const {
    eigen_assert(tape_ != nullptr);
    return *tape_;
  }
  const Shape& shape() const { return tape().node(*this).shape; }
  Index rows() const { return shape().rows(); }
  Index cols() const { return shape().cols(); }

  /// The numbers, read-only.   (rows, cols)
  ConstView<T> value() const {
    const auto& n = tape().node(*this);
    return {n.value, n.shape.rows(), n.shape.cols()};
  }
  /// The numbers, for the op that makes them.
  View<T> out() const {
    auto& n = tape().node(*this);
    return {n.value, n.shape.rows(), n.shape.cols()};
  }
  /// The only number of a (1, 1) Var, a loss.
  T item() const {
    LATENTCELL_REQUIRE(shape().size() == 1, "item: needs one number, the Var is ", shape());
    return value()(0, 0);
  }

  /// True for a handle that names nothing: an optional input left out.
  bool empty() const { return tape_ == nullptr; }

  bool needs_grad() const { return tape_ != nullptr && tape().node(*this).needs_grad; }
  /// The gradient, to add to; starts at zero.
  View<T> grad() const {
    const auto& n = tape().node(*this);
    return {tape().gradient_of(*this), n.shape.rows(), n.shape.cols()};
  }
  /// The gradient for an op that writes all of it: `add` says whether to add to what is there or to write over it,
  /// which saves the pass that zeroes it.
  struct Slot {
    View<T> grad;
    bool add;
  };
  Slot slot() const {
    auto& n = tape().node(*this);
    const bool add = n.grad != nullptr;
    return {{add ? n.grad : tape().fresh_gradient(*this), n.shape.rows(), n.shape.cols()}, add};
  }
  /// The gradient that has arrived here, for the op that hands it on.
  ConstView<T> upstream() const {
    const View<T> g = grad();
    return {g.data(), g.rows(), g.cols()};
  }

 private:
  friend class Tape<T>;
  Var(Tape<T>* tape, std::int32_t index, std::uint32_t epoch) : tape_(tape), index_(index), epoch_(epoch) {}

  Tape<T>* tape_ = nullptr;
  std::int32_t index_ = 0;
  std::uint32_t epoch_ = 0;
};

}  // namespace latentcell
