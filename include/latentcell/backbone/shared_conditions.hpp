#pragma once

#include <algorithm>
#include <span>

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/op/embedding.hpp>

namespace LATENTCELL_NAMESPACE {

/// Cells of one time and condition, as sampling has many of: what depends on these alone is worked out once for all of
/// them. Only on a tape without gradients and for at most a few different pairs; else every cell has its own.
template <class T>
class SharedConditions {
 public:
  /// t (B), condition (B, C)
  SharedConditions(Tape<T>& tape, std::span<const T> t, Var<T> condition) : t_(t), condition_(condition) {
    const Index batch = Index(t.size());
    if (tape.mode() != Mode::no_gradient || batch < 2) return;
    const ConstView<T> values = condition.value();
    int* const of = tape.template scratch_of<int>(batch);
    int* const first = tape.template scratch_of<int>(most);
    int count = 0;
    for (Index b = 0; b < batch; ++b) {
      const auto same = [&](int row) {
        const T *const x = values.data() + Index(row) * values.cols(), *const y = values.data() + b * values.cols();
        return t[to_size(row)] == t[to_size(b)] && std::equal(x, x + values.cols(), y);
      };
      int k = b > 0 && same(first[of[b - 1]]) ? of[b - 1] : 0;
      while (k < count && !same(first[k])) ++k;
      if (k == most || 2 * k > batch) return;
      if (k == count) first[count++] = int(b);
      of[b] = k;
    }
    T* const times = tape.scratch(count);
    for (int k = 0; k < count; ++k) times[k] = t[to_size(first[k])];
    t_ = {times, to_size(count)};
    condition_ = embedding(condition, {first, to_size(count)});
    rows_ = {of, to_size(batch)};
  }

  /// Different times, and their conditions.     (U), (U, C)
  std::span<const T> t() const { return t_; }
  Var<T> condition() const { return condition_; }
  /// Which of them each cell has; empty where each has its own.     (B)
  std::span<const int> rows() const { return rows_; }

 private:
  static constexpr int most = 64;
  std::span<const T> t_;
  Var<T> condition_;
  std::span<const int> rows_;
};

}  // namespace latentcell
