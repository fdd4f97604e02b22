#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include <latentcell/op/reshape.hpp>
#include <latentcell/op/mse.hpp>
#include <latentcell/autodiff/tape.hpp>
#include <latentcell/core/options.hpp>
#include <latentcell/kernel/nearest_code.hpp>
#include <latentcell/nn/init.hpp>
#include <latentcell/op/elementwise.hpp>
#include <latentcell/op/embedding.hpp>
#include <latentcell/op/straight_through.hpp>

namespace LATENTCELL_NAMESPACE {

/// How codes move.
enum class CodebookUpdate {
  average,  ///< each towards the moving mean of what it stood for (van den Oord et al. 2017, appendix A.1)
  loss,     ///< by gradient of the squared distance to it (ibid., eq. 3, second term)
};

struct CodebookOptions {
  Index groups = 8;   ///< pieces the latent is cut into, each with codes of its own; must divide its width
  Index codes = 128;  ///< of each group; Larger: finer differences
  CodebookUpdate update = CodebookUpdate::average;
  float decay = 0.99f;         ///< average only; nearer to 1: codes move slower
  float restart_below = 0.2f;  ///< average only: a code that stands for fewer pieces a batch, on average, starts anew

  static void visit(auto& self, auto&& f) {
    f("groups", self.groups, fixed(at_least(1)));
    f("codes", self.codes, fixed(at_least(2)));
    f("update", self.update, fixed());
    f("decay", self.decay, in_half_open(0, 1));
    f("restart_below", self.restart_below, at_least(0));
  }
};

/// Codes that stand for pieces of a latent vector (van den Oord, Vinyals and Kavukcuoglu, "Neural discrete
/// representation learning", 2017).
template <class T>
struct Codebook {
  CodebookOptions options;
  Param<T> table;   // (groups * codes, d)
  Buffer<T> count;  // (groups * codes, 1) moving mean of the pieces a batch that each code stands for
  Buffer<T> sum;    // (groups * codes, d) moving mean of their sum

  Codebook(Index width, const CodebookOptions& o, Rng& rng)
      : options(check_options("Codebook", o)),
        table(o.groups * o.codes, width / o.groups),
        count(o.groups * o.codes, 1),
        sum(o.groups * o.codes, table.value.cols()) {
    LATENTCELL_REQUIRE(width % o.groups == 0, "Codebook: a latent of ", width, " cannot be cut into ", o.groups,
                       " groups of equal length");
    init_normal(table, T(1), rng);
    table.weight_decay = T(0);
    table.frozen = o.update == CodebookUpdate::average;
  }

  /// z (B, D) -> code (B, groups)
  std::vector<int> nearest(ConstView<T> z) const {
    std::vector<int> code(to_size(z.rows() * options.groups));
    kernel::nearest_codes<T>(z, table_view(), options.groups, code.data());
    return code;
  }

  /// A latent as its codes, with the gradient passed through, and the loss that draws codes and latents together:
  /// commitment * |z - codes|^2, and with CodebookUpdate::loss |codes - z|^2, per cell.
  struct Quantized {
    Var<T> z;     // (B, D)
    Var<T> loss;  // (1, 1)
  };
  /// z (B, D)
  Quantized operator()(Tape<T>& tape, Var<T> z, T commitment) const {
    const Index batch = z.rows(), groups = options.groups, d = table.value.cols();
    int* const code = tape.template scratch_of<int>(batch * groups);
    kernel::nearest_codes<T>(z.value(), table_view(), groups, code);
    for (Index i = 0; i < batch * groups; ++i) code[i] += int(i % groups * options.codes);
    const Var<T> chosen = reshape(embedding(tape.watch(table), std::span<const int>(code, to_size(batch * groups))),
                                  Shape(batch, groups * d));
    // Sums over dimensions, as the reconstruction's terms are sums over genes.
    const T width = T(groups * d);
    Var<T> loss = scale(mse(z, chosen.value()), commitment * width);
    if (options.update == CodebookUpdate::loss) loss = add(loss, scale(mse(chosen, z.value()), width));
    return {straight_through(z, chosen.value()), loss};
  }

  /// Moves codes towards what they stand for; codes that stand for hardly anything start anew at random pieces.
  /// z (B, D) latents of a batch
  void learn(ConstView<T> z, Rng& rng) {
    if (options.update != CodebookUpdate::average) return;
    const Index batch = z.rows(), groups = options.groups, codes = options.codes, d = table.value.cols();
    const bool first = count.value.isZero(T(0));
    if (first) {
      for (Index g = 0; g < groups; ++g) kmeans_pp_init(g, z, rng);
      // As if each had stood for its share of a batch.
      count.value.setConstant(T(batch) / T(codes));
      sum.value = table.value * (T(batch) / T(codes));
    }
    const std::vector<int> code = nearest(z);
    const T keep = T(options.decay), add_share = T(1) - keep;
    count.value *= keep;
    sum.value *= keep;
    for (Index b = 0; b < batch; ++b) {
      for (Index g = 0; g < groups; ++g) {
        const Index k = g * codes + code[to_size(b * groups + g)];
        count.value(k, 0) += add_share;
        sum.value.row(k) += add_share * z.row(b).segment(g * d, d);
      }
    }
    for (Index k = 0; k < groups * codes; ++k) {
      if (count.value(k, 0) < T(options.restart_below)) {
        reset_dead_code(k, z, rng);
        count.value(k, 0) = T(batch) / T(codes);
        sum.value.row(k) = table.value.row(k) * count.value(k, 0);
      } else {
        table.value.row(k) = sum.value.row(k) / count.value(k, 0);
      }
    }
  }

  /// How many codes are in use, as the exponential of the entropy of their shares, averaged over groups.     z (N, D)
  double perplexity(ConstView<T> z) const {
    const std::vector<int> code = nearest(z);
    double total = 0;
    for (Index g = 0; g < options.groups; ++g) {
      std::vector<double> share(to_size(options.codes), 0.0);
      for (Index b = 0; b < z.rows(); ++b)
        share[to_size(code[to_size(b * options.groups + g)])] += 1.0 / double(z.rows());
      double entropy = 0;
      for (double p : share) entropy -= p > 0 ? p * std::log(p) : 0.0;
      total += std::exp(entropy);
    }
    return total / double(options.groups);
  }

  static void visit(auto& self, auto&& f) {
    f("table", self.table);
    f("count", self.count);
    f("sum", self.sum);
  }

 private:
  ConstView<T> table_view() const { return {table.value.data(), table.value.rows(), table.value.cols()}; }
  // First codes of a group: pieces far apart, each drawn in proportion to its squared distance to those before it
  // (k-means++, Arthur and Vassilvitskii 2007); where all are taken, at random.
  void kmeans_pp_init(Index g, ConstView<T> z, Rng& rng) {
    const Index batch = z.rows(), d = table.value.cols();
    std::vector<double> gap(to_size(batch), std::numeric_limits<double>::max());
    reset_dead_code(g * options.codes, z, rng);
    for (Index c = 1; c < options.codes; ++c) {
      const Index k = g * options.codes + c;
      double total = 0;
      for (Index b = 0; b < batch; ++b) {
        const double d2 = double((z.row(b).segment(g * d, d) - table.value.row(k - 1)).squaredNorm());
        gap[to_size(b)] = std::min(gap[to_size(b)], d2);
        total += gap[to_size(b)];
      }
      if (!(total > 0)) {
        reset_dead_code(k, z, rng);
        continue;
      }
      double at = rng.uniform_double() * total;
      Index chosen = 0;
      while (chosen + 1 < batch && (at -= gap[to_size(chosen)]) > 0) ++chosen;
      table.value.row(k) = z.row(chosen).segment(g * d, d);
    }
  }
  // At a random piece, a little beside it: two codes must not stay the same.
  void reset_dead_code(Index k, ConstView<T> z, Rng& rng) {
    const Index d = table.value.cols(), b = Index(rng.below(std::uint64_t(z.rows()))), g = k / options.codes;
    for (Index j = 0; j < d; ++j) table.value(k, j) = z(b, g * d + j) + T(0.01 * rng.normal());
  }
};

#ifdef LATENTCELL_INSTANCES
extern template struct Codebook<float>;
#endif

}  // namespace latentcell
