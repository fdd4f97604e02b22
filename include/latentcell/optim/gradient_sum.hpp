#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include <latentcell/autodiff/params.hpp>
#include <latentcell/autodiff/tape.hpp>

namespace LATENTCELL_NAMESPACE {

/// Accumulates gradients of several minibatches, weighted by their numbers of cells: one step of a larger batch. All of
/// them lie in one buffer, which several processes can sum as it is.
template <class T>
class GradientSum {
 public:
  /// Adds the gradients on a tape, of a loss that is a mean over `cells` cells.
  void add(const Params<T>& params, const Tape<T>& tape, T cells) {
    prepare(params);
    for (std::size_t i = 0; i < params.size(); ++i) {
      const T* const g = tape.grad(params[i]);
      if (g == nullptr) continue;
      const ConstView<T> gradient(g, params[i].value.rows(), params[i].value.cols());
      if (touched(i) == T(0)) {
        of(params, i) = cells * gradient;
      } else {
        of(params, i) += cells * gradient;
      }
      touched(i) = T(1);
    }
    weight() += cells;
  }

  /// All numbers that are to be summed over processes: gradients, how many have one for each Param, cells.
  std::span<T> numbers(const Params<T>& params) {
    prepare(params);
    for (std::size_t i = 0; i < params.size(); ++i) {
      if (touched(i) == T(0)) of(params, i).setZero();
    }
    return numbers_;
  }

  /// Replaces the tape's gradients by the average and resets the sum. The tape's are then in this object's memory, until
  /// the next add().
  void hand_over(const Params<T>& params, Tape<T>& tape) {
    tape.clear_gradients();
    for (std::size_t i = 0; i < params.size(); ++i) {
      if (touched(i) == T(0)) continue;
      View<T> mean = of(params, i);
      mean /= weight();
      tape.hand_gradient(tape.watch(params[i]), mean.data());
    }
    clear();
  }

  /// Forgets what was added.
  void clear() {
    if (!numbers_.empty()) std::fill(numbers_.end() - std::ptrdiff_t(starts_.size()) - 1, numbers_.end(), T(0));
  }

 private:
  void prepare(const Params<T>& params) {
    if (!numbers_.empty()) return;
    std::size_t size = 0;
    for (const Param<T>* p : params) {
      starts_.push_back(size);
      size += to_size(p->value.size());
    }
    numbers_.resize(size + starts_.size() + 1);
  }
  View<T> of(const Params<T>& params, std::size_t i) {
    return View<T>(numbers_.data() + starts_[i], params[i].value.rows(), params[i].value.cols());
  }
  T& touched(std::size_t i) { return numbers_[numbers_.size() - 1 - starts_.size() + i]; }
  T& weight() { return numbers_.back(); }

  std::vector<std::size_t> starts_;  // of each Param in the numbers
  std::vector<T> numbers_;           // gradients; how many minibatches or processes have one, per Param; cells
};

#ifdef LATENTCELL_INSTANCES
extern template class GradientSum<float>;
#endif

}  // namespace latentcell
