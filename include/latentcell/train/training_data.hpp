#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include <latentcell/core/cell_batch.hpp>
#include <latentcell/core/error.hpp>

namespace LATENTCELL_NAMESPACE {

/// What a model is trained on and, where given, what it is validated on. A source yields minibatches: see CellSource.
template <CellSource Source>
struct TrainingData {
  Source train;
  std::optional<Source> validation = {};
};
template <CellSource Source>
TrainingData(Source) -> TrainingData<Source>;
template <CellSource Source>
TrainingData(Source, std::optional<Source>) -> TrainingData<Source>;
template <CellSource Source>
TrainingData(Source, Source) -> TrainingData<Source>;

namespace detail {

/// One pass over a source whose minibatches are numbered, so that some can be left out. The random numbers of a
/// minibatch depend on its number alone.
template <class Source>
class NumberedPass {
 public:
  explicit NumberedPass(Source& source) : source_(source), count_(source.batches()) {}

  Index count() const { return count_; }

  void begin(Rng rng) {
    source_.begin_epoch(rng);
    rng_ = rng;
    at_ = 0;
  }
  /// Makes minibatch n, from 0, and returns its random numbers. Numbers rise.
  Rng take(Index n, typename Source::Batch& batch) {
    if constexpr (requires { source_.skip(n); }) {
      if (n > at_) source_.skip(n - at_);
    } else {
      while (at_ < n && source_.next(batch)) ++at_;
    }
    if (!source_.next(batch))
      throw_runtime("fit: the source has no minibatch ", n, " though its batches() is ", count_);
    at_ = n + 1;
    Rng rng = rng_;
    rng.skip(2 * std::uint64_t(n));
    return rng.fork();
  }

 private:
  Source& source_;
  Index count_, at_ = 0;
  Rng rng_{0};
};

}  // namespace detail

}  // namespace latentcell
