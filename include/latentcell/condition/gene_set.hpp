#pragma once

#include <span>

#include <latentcell/condition/covariates.hpp>
#include <latentcell/nn/init.hpp>
#include <latentcell/nn/linear.hpp>
#include <latentcell/op/matmul.hpp>
#include <latentcell/op/replace_rows.hpp>

namespace LATENTCELL_NAMESPACE {

/// Perturbed genes as a vector: the weighted mean of their embeddings, then Linear. The cell's numbers are a weight for
/// each gene that can be perturbed, 0 where it is not: one gene, several at once, or partly. A cell without any is a
/// control, with a vector of its own. Embeddings that come from elsewhere (pathways, protein language models) stay as
/// they are, so that a gene never perturbed in training is represented by its similarity to others.
template <class T>
struct GeneSet {
  using Scalar = T;
  Param<T> genes;    // (genes, E) embeddings
  Linear<T> to;      // (D, E)
  Param<T> control;  // (1, D) no gene perturbed
  Param<T> null_embedding;  // (1, D) unknown

  /// Embeddings of `depth` numbers, learned.
  GeneSet(Index count, Index depth, Index width, Rng& rng) : GeneSet(random_table(count, depth, rng), width, rng) {}

  /// Given embeddings (genes, E), kept as they are.
  GeneSet(const Matrix<T>& embeddings, Index width, Rng& rng) : GeneSet(fixed(embeddings), width, rng) {}

  static GeneSet from_options(const auto& reader, Rng& rng) {
    const auto [count, depth] = reader.shape("genes");
    return {count, depth, reader.shape("to.weight").first, rng};
  }

  Index columns() const { return genes.value.rows(); }
  Index width() const { return to.weight.value.rows(); }

  /// cells (B, genes), weights at least 0; a cell with a NaN is unknown -> (B, D)
  Var<T> operator()(Tape<T>& tape, ConstView<float> cells) const {
    const Index batch = cells.rows(), count = columns();
    LATENTCELL_REQUIRE(cells.cols() == count, "GeneSet: cells have ", cells.cols(), " numbers but there are ", count,
                       " genes");
    T* const share = tape.scratch(batch * count);
    bool* const bare = tape.template scratch_of<bool>(batch);
    bool* const missing = tape.template scratch_of<bool>(batch);
    for (Index b = 0; b < batch; ++b) {
      const float* const from = cells.data() + b * count;
      missing[b] = is_unknown(from, count);
      T sum = 0;
      for (Index g = 0; g < count && !missing[b]; ++g) {
        LATENTCELL_REQUIRE(from[g] >= 0, "GeneSet: weight ", from[g], " of gene ", g, " in cell ", b, " is negative");
        sum += T(from[g]);
      }
      bare[b] = !missing[b] && sum == T(0);
      for (Index g = 0; g < count; ++g) share[b * count + g] = sum > T(0) ? T(from[g]) / sum : T(0);
    }
    // share (B, genes) times embeddings (genes, E)
    const Var<T> y = to(matmul(tape.constant(ConstView<T>(share, batch, count)), tape.watch(genes)));
    const Var<T> encoded = replace_rows(y, tape.watch(control), {bare, to_size(batch)});
    return replace_rows(encoded, tape.watch(null_embedding), {missing, to_size(batch)});
  }

  static void visit(auto& self, auto&& f) {
    f("genes", self.genes);
    f("to", self.to);
    f("control", self.control);
    f("null_embedding", self.null_embedding);
  }

 private:
  GeneSet(Param<T> table, Index width, Rng& rng)
      : genes(std::move(table)), to(genes.value.cols(), width, rng), control(1, width), null_embedding(1, width) {
    LATENTCELL_REQUIRE(genes.value.size() > 0, "GeneSet: needs at least one gene and one dimension, got (",
                       genes.value.rows(), ", ", genes.value.cols(), ")");
    for (Param<T>* p : {&control, &null_embedding}) {
      init_normal(*p, T(0.02), rng);
      p->weight_decay = T(0);
    }
  }
  static Param<T> random_table(Index count, Index depth, Rng& rng) {
    Param<T> table(count, depth);
    init_normal(table, T(1), rng);
    table.weight_decay = T(0);
    return table;
  }
  static Param<T> fixed(const Matrix<T>& embeddings) {
    Param<T> table(embeddings.rows(), embeddings.cols());
    table.value = embeddings;
    table.frozen = true;
    return table;
  }
};

#ifdef LATENTCELL_INSTANCES
extern template struct GeneSet<float>;
#endif

}  // namespace latentcell
