#pragma once

#include <numbers>
#include <span>

#include <latentcell/condition/covariates.hpp>
#include <latentcell/core/options.hpp>
#include <latentcell/nn/init.hpp>
#include <latentcell/nn/linear.hpp>
#include <latentcell/op/elementwise.hpp>
#include <latentcell/op/replace_rows.hpp>

namespace LATENTCELL_NAMESPACE {

struct ContinuousCovariateOptions {
  Index columns = 1;      ///< numbers of a cell
  Index width = 128;      ///< width of the vector
  Index frequencies = 0;  ///< sines and cosines of each number, at least 0. Larger: finer differences; 0: the number
                          ///< itself
  float scale = 1;        ///< the numbers' range, roughly: they are divided by it. A larger one sees less detail

  static void visit(auto& self, auto&& f) {
    f("columns", self.columns, fixed(at_least(1)));
    f("width", self.width, fixed(at_least(1)));
    f("frequencies", self.frequencies, fixed(at_least(0)));
    f("scale", self.scale, above(0));
  }
};

/// Numbers as a vector: times, doses, coordinates, another modality's latent. Linear, SiLU, Linear over the numbers,
/// or, with frequencies, over the Fourier features sin(2^k pi x), cos(2^k pi x), k = 0, 1, ... of each (Tancik et al.,
/// "Fourier features let networks learn high frequency functions in low dimensional domains", 2020).
template <class T>
struct ContinuousCovariate {
  using Scalar = T;
  ContinuousCovariateOptions options;
  Linear<T> first;   // (D, features)
  Linear<T> second;  // (D, D)
  Param<T> null_embedding;  // (1, D) what unknown is

  ContinuousCovariate(const ContinuousCovariateOptions& o, Rng& rng)
      : options(check_options("ContinuousCovariate", o)),
        first(features(), o.width, rng),
        second(o.width, o.width, rng),
        null_embedding(1, o.width) {
    init_normal(null_embedding, T(0.02), rng);
    null_embedding.weight_decay = T(0);
  }

  Index columns() const { return options.columns; }
  Index width() const { return options.width; }

  /// cells (B, K) -> (B, D); a cell with a NaN is unknown
  Var<T> operator()(Tape<T>& tape, ConstView<float> cells) const {
    const Index batch = cells.rows(), n = features(), k = options.columns, waves = options.frequencies;
    LATENTCELL_REQUIRE(cells.cols() == k, "ContinuousCovariate: cells have ", cells.cols(),
                       " numbers but the encoder reads ", k);
    T* const x = tape.scratch(batch * n);
    bool* const missing = tape.template scratch_of<bool>(batch);
    for (Index b = 0; b < batch; ++b) {
      missing[b] = is_unknown(cells.data() + b * k, k);
      for (Index i = 0; i < k; ++i) {
        const T value = missing[b] ? T(0) : T(cells(b, i)) / T(options.scale);
        if (waves == 0) x[b * n + i] = value;
        T angle = T(std::numbers::pi) * value;
        for (Index w = 0; w < waves; ++w, angle *= 2) {
          x[b * n + (i * waves + w) * 2] = std::sin(angle);
          x[b * n + (i * waves + w) * 2 + 1] = std::cos(angle);
        }
      }
    }
    const Var<T> y = second(silu(first(tape.constant(ConstView<T>(x, batch, n)))));
    return replace_rows(y, tape.watch(null_embedding), {missing, to_size(batch)});
  }

  static void visit(auto& self, auto&& f) {
    f("first", self.first);
    f("second", self.second);
    f("null_embedding", self.null_embedding);
  }

 private:
  Index features() const { return options.columns * std::max<Index>(1, 2 * options.frequencies); }
};

#ifdef LATENTCELL_INSTANCES
extern template struct ContinuousCovariate<float>;
#endif

}  // namespace latentcell
