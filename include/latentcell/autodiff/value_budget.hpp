#pragma once

#include <stdexcept>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE {

/// Bounds the number of values of all Params and Buffers that this thread constructs while the budget is alive.
/// A loader sets it to what the file holds, so that sizes in damaged metadata cannot allocate more. Budgets nest; the
/// inner one counts. The state is thread-local because constructors of modules do not pass it on; without a budget
/// nothing is counted.
class ValueBudget {
 public:
  explicit ValueBudget(Index values) : left_(values), all_(values), outer_(current()) { current() = this; }
  ValueBudget(const ValueBudget&) = delete;
  ValueBudget& operator=(const ValueBudget&) = delete;
  ~ValueBudget() { current() = outer_; }

  /// Counts rows * cols values. Returns rows. Throws std::length_error beyond the budget.
  static Index spend(Index rows, Index cols) {
    ValueBudget* const budget = current();
    if (budget == nullptr) return rows;
    // An empty matrix counts as one value: a long list of them is long too.
    const bool empty = rows <= 0 || cols <= 0;
    if (!empty && rows > budget->left_ / cols) budget->fail(rows, cols);
    budget->left_ -= empty ? 1 : rows * cols;
    if (budget->left_ < 0) budget->fail(rows, cols);
    return rows;
  }

 private:
  static ValueBudget*& current() {
    static thread_local ValueBudget* budget = nullptr;
    return budget;
  }
  [[noreturn]] void fail(Index rows, Index cols) const {
    throw std::length_error(text("a tensor (", rows, ", ", cols, ") exceeds the ", all_, " values of the budget"));
  }

  Index left_, all_;
  ValueBudget* outer_;
};

}  // namespace latentcell
