#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/op/attention.hpp>
#include <latentcell/op/slice_columns.hpp>
#include <latentcell/op/reshape.hpp>
#include <latentcell/op/mse.hpp>
#include <latentcell/op/concat.hpp>
#include <latentcell/op/broadcast.hpp>
#include <latentcell/op/affine.hpp>
#include <latentcell/op/add_positions.hpp>
#include <latentcell/op/count_decoder.hpp>
#include <latentcell/op/count_loss.hpp>
#include <latentcell/op/dropout.hpp>
#include <latentcell/op/elementwise.hpp>
#include <latentcell/op/embedding.hpp>
#include <latentcell/op/gaussian.hpp>
#include <latentcell/op/layer_norm.hpp>
#include <latentcell/op/linear.hpp>
#include <latentcell/op/log_normal.hpp>
#include <latentcell/op/log_normalized.hpp>
#include <latentcell/op/protein_loss.hpp>
#include <latentcell/op/modulate.hpp>
#include <latentcell/op/matmul.hpp>
#include <latentcell/op/reduce.hpp>
#include <latentcell/op/replace_rows.hpp>
#include <latentcell/op/sparse_linear.hpp>
#include <latentcell/op/straight_through.hpp>
#include <latentcell/op/tokens.hpp>

#include "support/made_matrix.hpp"

namespace support {

/// One differentiable operation at one set of inputs.
struct OpCase {
  using Inputs = std::vector<latentcell::Var<double>>;
  std::string name;  ///< the operation's name, then what is special about the case
  std::vector<latentcell::Matrix<double>> inputs;
  std::vector<latentcell::Shape> shapes;  ///< of the inputs; empty where they are the matrices' own
  std::function<latentcell::Var<double>(latentcell::Tape<double>&, const Inputs&)> run;
};

/// Cells for the count operations: zeros, ones, a large count, a cell without counts.
struct CountCells {
  latentcell::Counts counts;
  std::vector<float> library;
  std::vector<double> weight;
};
inline std::shared_ptr<CountCells> count_cells() {
  const std::vector<std::vector<float>> rows{{0, 3, 0, 1, 0}, {12, 0, 0, 0, 2}, {0, 0, 0, 0, 0}, {1, 1, 40, 0, 0}};
  auto cells = std::make_shared<CountCells>();
  cells->counts = latentcell::Counts(5);
  for (const auto& row : rows) {
    float sum = 0;
    for (std::size_t g = 0; g < row.size(); ++g) {
      if (row[g] > 0) cells->counts.push(std::int32_t(g), row[g]);
      sum += row[g];
    }
    cells->counts.end_row();
    cells->library.push_back(std::max(1.0f, sum));
  }
  cells->weight = {0.25, 0.5, 1.0, 0.125};
  return cells;
}

inline void add_count_cases(std::vector<OpCase>& cases) {
  using namespace latentcell;
  const std::vector<std::pair<Family, std::string>> families{{Family::poisson, "poisson"},
                                                             {Family::negative_binomial, "negative binomial"},
                                                             {Family::zero_inflated_negative_binomial, "zero-inflated"},
                                                             {Family::gaussian, "gaussian"},
                                                             {Family::bernoulli, "bernoulli"}};
  const auto cells = count_cells();
  const Index batch = cells->counts.rows(), genes = cells->counts.cols();
  for (const auto& [family, name] : families) {
    for (const LibraryLink link : {LibraryLink::softmax, LibraryLink::exp}) {
      for (const bool per_cell : {false, true}) {
        if (!has_dispersion(family) && per_cell) continue;
        OpCase c;
        c.name = text("count_loss ", name, link == LibraryLink::softmax ? ", softmax" : ", exp",
                      per_cell ? ", dispersion per cell" : "");
        Matrix<double> eta = made_matrix(batch, genes, 41);
        if (link == LibraryLink::exp) eta.array() -= 1.5;
        c.inputs.push_back(eta);
        if (has_dispersion(family)) c.inputs.push_back(made_matrix(per_cell ? batch : 1, genes, 42));
        const bool inflated = family == Family::zero_inflated_negative_binomial;
        if (inflated) c.inputs.push_back(made_matrix(batch, genes, 43));
        c.run = [cells, family = family, link, inflated](Tape<double>&, const OpCase::Inputs& x) {
          CountPredictors<double> p{x[0], {}, {}};
          if (has_dispersion(family)) p.log_theta = x[1];
          if (inflated) p.logit_pi = x[2];
          return count_loss<double>(family, link, p, {cells->counts, cells->library, cells->weight, 20.0});
        };
        cases.push_back(c);

        OpCase d;
        d.name = "count_decoder" + c.name.substr(std::string("count_loss").size());
        const Index width = 3;
        const auto head = [&](std::uint64_t seed) {
          d.inputs.push_back(made_matrix(genes, width, seed));
          d.inputs.push_back(made_matrix(1, genes, seed + 1));
        };
        d.inputs.push_back(0.5 * made_matrix(batch, width, 44));
        head(45);
        if (link == LibraryLink::exp) d.inputs[2].array() -= 1.5;
        if (per_cell) head(47);
        if (has_dispersion(family) && !per_cell) d.inputs.push_back(made_matrix(1, genes, 42));
        if (inflated) head(49);
        d.run = [cells, family = family, link, inflated, per_cell = per_cell](Tape<double>&, const OpCase::Inputs& x) {
          DecoderHeads<double> heads;
          heads.mean = {x[1], x[2]};
          if (per_cell) heads.dispersion = {x[3], x[4]};
          if (has_dispersion(family) && !per_cell) heads.log_theta = x[3];
          if (inflated) heads.inflation = {x[x.size() - 2], x[x.size() - 1]};
          return count_decoder<double>(family, link, x[0], heads, {cells->counts, cells->library, cells->weight, 20.0});
        };
        cases.push_back(d);
        if (per_cell || !has_dispersion(family)) continue;
        OpCase e = d;  // a dispersion per gene and level of the batch covariate, unknown for one cell
        e.name += ", dispersion per level";
        e.inputs[3] = made_matrix(2, genes, 51);
        const auto shares = std::make_shared<Matrix<double>>(Matrix<double>::Zero(batch, 2));
        for (Index b = 0; b < batch; ++b) shares->row(b)(b % 2) = 1;
        shares->row(0).setConstant(0.5);
        e.run = [cells, family = family, link, inflated, shares](Tape<double>& tape, const OpCase::Inputs& x) {
          DecoderHeads<double> heads;
          heads.mean = {x[1], x[2]};
          heads.log_theta = x[3];
          heads.theta_share = tape.constant(window(*shares));
          if (inflated) heads.inflation = {x[x.size() - 2], x[x.size() - 1]};
          return count_decoder<double>(family, link, x[0], heads, {cells->counts, cells->library, cells->weight, 20.0});
        };
        cases.push_back(e);
      }
    }
  }
}

/// Every operation of the room op, each with what its gradient could get wrong.
inline std::vector<OpCase> op_cases() {
  using namespace latentcell;
  using Inputs = OpCase::Inputs;
  const auto m = [](Index rows, Index cols, std::uint64_t seed) { return made_matrix(rows, cols, seed); };
  std::vector<OpCase> cases;

  for (const auto& [tokens, heads] : {std::pair<Index, Index>{1, 1}, {3, 1}, {4, 2}, {2, 6}}) {
    cases.push_back({text("attention ", tokens, " tokens, ", heads, " heads"),
                     {m(2 * tokens, 18, 1)},
                     {Shape(2, tokens, 18)},
                     [heads = heads](auto&, const Inputs& x) { return attention(x[0], heads); }});
  }

  cases.push_back({"cross_attention",
                   {m(2 * 3, 4, 1), m(2 * 5, 8, 2)},
                   {Shape(2, 3, 4), Shape(2, 5, 8)},
                   [](auto&, const Inputs& x) { return cross_attention(x[0], x[1], 2); }});
  cases.push_back(
      {"concat_tokens", {m(2 * 2, 4, 1), m(2 * 3, 4, 2)}, {Shape(2, 2, 4), Shape(2, 3, 4)}, [](auto&, const Inputs& x) {
         return concat_tokens(x[0], x[1]);
       }});
  cases.push_back({"slice_tokens", {m(2 * 4, 3, 1)}, {Shape(2, 4, 3)}, [](auto&, const Inputs& x) {
                     return slice_tokens(x[0], 1, 2);
                   }});
  cases.push_back({"relu", {m(3, 4, 65)}, {}, [](auto&, const Inputs& x) { return relu(x[0]); }});
  cases.push_back({"softplus", {m(3, 4, 66)}, {}, [](auto&, const Inputs& x) { return softplus(x[0]); }});
  cases.push_back({"log1p", {m(3, 4, 67).cwiseAbs()}, {}, [](auto&, const Inputs& x) { return log1p(x[0]); }});
  for (const LibraryLink link : {LibraryLink::softmax, LibraryLink::exp}) {
    cases.push_back({link == LibraryLink::softmax ? "log_normalized softmax" : "log_normalized exp",
                     {m(3, 5, 68)},
                     {},
                     [link](auto&, const Inputs& x) { return log_normalized(link, x[0], 20.0); }});
  }
  {
    const auto cells = count_cells();
    const Index b = cells->counts.rows(), p = cells->counts.cols();
    cases.push_back(
        {"protein_loss", {m(b, p, 71), m(b, p, 72), m(b, p, 73), m(1, p, 74)}, {}, [cells](auto&, const Inputs& x) {
           return protein_loss<double>({x[0], x[1], x[2], x[3]}, cells->counts, cells->weight);
         }});
    cases.push_back(
        {"kl_normal", {m(b, p, 71), m(b, p, 72), m(1, p, 73), m(1, p, 74)}, {}, [cells](auto&, const Inputs& x) {
           return kl_normal<double>(x[0], x[1], x[2], x[3], cells->weight);
         }});
  }
  cases.push_back({"log_normal", {m(3, 4, 61), m(3, 4, 62), m(3, 4, 63)}, {}, [](auto&, const Inputs& x) {
                     return log_normal(x[0], x[1], x[2]);
                   }});
  cases.push_back(
      {"log_normal_mixture", {m(3, 4, 61), m(5, 4, 62), m(5, 4, 63), m(1, 5, 64)}, {}, [](auto&, const Inputs& x) {
         return log_normal_mixture(x[0], x[1], x[2], x[3]);
       }});
  cases.push_back({"straight_through", {m(3, 4, 1)}, {}, [](auto&, const Inputs& x) {
                     return straight_through(x[0], x[0].value());  // a step that changes nothing: its gradient is exact
                   }});
  cases.push_back(
      {"slice_columns", {m(3, 5, 2)}, {}, [](auto&, const Inputs& x) { return slice_columns(x[0], 1, 3); }});
  cases.push_back({"concat", {m(3, 2, 3), m(3, 4, 4)}, {}, [](auto&, const Inputs& x) { return concat(x[0], x[1]); }});
  cases.push_back({"concat with itself", {m(3, 2, 3)}, {}, [](auto&, const Inputs& x) { return concat(x[0], x[0]); }});
  cases.push_back({"reshape", {m(2, 6, 5)}, {}, [](auto&, const Inputs& x) {
                     const Var<double> y = reshape(x[0], Shape(2, 3, 2));
                     return mul(y, y);
                   }});

  add_count_cases(cases);

  cases.push_back({"dropout", {m(5, 7, 6)}, {}, [](auto&, const Inputs& x) { return dropout(x[0], 0.4); }});

  cases.push_back({"silu", {m(4, 6, 7) * 2.0}, {}, [](auto&, const Inputs& x) { return silu(x[0]); }});
  cases.push_back({"gelu", {m(4, 6, 8) * 2.0}, {}, [](auto&, const Inputs& x) { return gelu(x[0]); }});
  cases.push_back({"exp", {m(4, 6, 9)}, {}, [](auto&, const Inputs& x) { return latentcell::exp(x[0]); }});
  cases.push_back({"scale", {m(3, 4, 10)}, {}, [](auto&, const Inputs& x) { return scale(x[0], -1.75); }});
  cases.push_back({"clamp", {m(4, 6, 11) * 2.0}, {}, [](auto&, const Inputs& x) { return clamp(x[0], -1.1, 0.9); }});
  cases.push_back({"add", {m(3, 4, 12), m(3, 4, 13)}, {}, [](auto&, const Inputs& x) { return add(x[0], x[1]); }});
  cases.push_back({"mul", {m(3, 4, 14), m(3, 4, 15)}, {}, [](auto&, const Inputs& x) { return mul(x[0], x[1]); }});
  cases.push_back({"sub", {m(3, 4, 12), m(3, 4, 13)}, {}, [](auto&, const Inputs& x) { return sub(x[0], x[1]); }});
  cases.push_back({"sub of itself", {m(3, 4, 12)}, {}, [](auto&, const Inputs& x) { return sub(x[0], x[0]); }});
  cases.push_back({"div", {m(3, 4, 14), m(3, 4, 15).cwiseAbs().array() + 0.5}, {}, [](auto&, const Inputs& x) {
                     return div(x[0], x[1]);
                   }});
  cases.push_back(
      {"log", {m(3, 4, 9).cwiseAbs().array() + 0.1}, {}, [](auto&, const Inputs& x) { return latentcell::log(x[0]); }});
  cases.push_back({"sqrt", {m(3, 4, 9).cwiseAbs().array() + 0.1}, {}, [](auto&, const Inputs& x) {
                     return latentcell::sqrt(x[0]);
                   }});
  cases.push_back({"tanh", {m(3, 4, 9) * 2.0}, {}, [](auto&, const Inputs& x) { return latentcell::tanh(x[0]); }});
  cases.push_back(
      {"broadcast_rows", {m(1, 4, 12)}, {}, [](auto&, const Inputs& x) { return broadcast_rows(x[0], 3); }});
  cases.push_back(
      {"broadcast_columns", {m(4, 1, 12)}, {}, [](auto&, const Inputs& x) { return broadcast_columns(x[0], 3); }});
  cases.push_back({"row_sum", {m(3, 4, 12)}, {}, [](auto&, const Inputs& x) { return row_sum(x[0]); }});
  cases.push_back({"mul with itself", {m(3, 4, 14)}, {}, [](auto&, const Inputs& x) { return mul(x[0], x[0]); }});
  cases.push_back({"affine", {m(4, 3, 16), m(1, 3, 17), m(1, 3, 18)}, {}, [](auto&, const Inputs& x) {
                     return affine(x[0], x[1], x[2]);
                   }});
  cases.push_back(
      {"add_positions", {m(6, 4, 19), m(3, 4, 20)}, {Shape(2, 3, 4), Shape(3, 4)}, [](auto&, const Inputs& x) {
         return add_positions(x[0], x[1]);
       }});

  cases.push_back({"embedding, a row twice and a row never", {m(4, 3, 21)}, {}, [](auto&, const Inputs& x) {
                     const std::vector<int> code{2, 0, 2, 3, 2};
                     return embedding(x[0], std::span<const int>(code));
                   }});

  cases.push_back({"reparameterize", {m(3, 4, 22), m(3, 4, 23)}, {}, [](auto&, const Inputs& x) {
                     return reparameterize(x[0], x[1]);
                   }});
  cases.push_back({"kl_standard_normal", {m(5, 4, 24), m(5, 4, 25)}, {}, [](auto&, const Inputs& x) {
                     return kl_standard_normal(x[0], x[1]);
                   }});
  cases.push_back({"kl_standard_normal, free bits above some dimensions",
                   {m(5, 6, 24), m(5, 6, 25)},
                   {},
                   [](auto&, const Inputs& x) { return kl_standard_normal(x[0], x[1], 1.0); }});

  cases.push_back({"layer_norm", {m(4, 6, 26)}, {}, [](auto&, const Inputs& x) { return layer_norm(x[0]); }});
  cases.push_back({"layer_norm of rows with little spread", {m(3, 5, 26) * 0.01}, {}, [](auto&, const Inputs& x) {
                     return layer_norm(x[0], 1e-3);
                   }});

  cases.push_back(
      {"matmul", {m(4, 3, 27), m(3, 5, 28)}, {}, [](auto&, const Inputs& x) { return matmul(x[0], x[1]); }});
  cases.push_back({"replace_rows", {m(4, 3, 27), m(1, 3, 28)}, {}, [](auto&, const Inputs& x) {
                     const bool marked[] = {false, true, true, false};
                     return replace_rows(x[0], x[1], marked);
                   }});
  cases.push_back({"linear", {m(4, 3, 27), m(5, 3, 28), m(1, 5, 29)}, {}, [](auto&, const Inputs& x) {
                     return linear(x[0], x[1], x[2]);
                   }});
  cases.push_back({"linear over tokens",
                   {m(6, 3, 27), m(5, 3, 28), m(1, 5, 29)},
                   {Shape(2, 3, 3), Shape(5, 3), Shape(1, 5)},
                   [](auto&, const Inputs& x) { return linear(x[0], x[1], x[2]); }});
  cases.push_back(
      {"linear, one weight used twice", {m(4, 3, 27), m(3, 3, 28), m(1, 3, 29)}, {}, [](auto&, const Inputs& x) {
         return linear(silu(linear(x[0], x[1], x[2])), x[1], x[2]);
       }});

  cases.push_back({"modulate", {m(3, 4, 30), m(3, 4, 31), m(3, 4, 32)}, {}, [](auto&, const Inputs& x) {
                     return modulate(x[0], x[1], x[2]);
                   }});
  cases.push_back({"modulate over tokens",
                   {m(6, 4, 30), m(2, 4, 31), m(2, 4, 32)},
                   {Shape(2, 3, 4), Shape(2, 4), Shape(2, 4)},
                   [](auto&, const Inputs& x) { return modulate(x[0], x[1], x[2]); }});
  cases.push_back({"gated_add", {m(3, 4, 33), m(3, 4, 34), m(3, 4, 35)}, {}, [](auto&, const Inputs& x) {
                     return gated_add(x[0], x[1], x[2]);
                   }});
  cases.push_back({"gated_add over tokens",
                   {m(6, 4, 33), m(2, 4, 34), m(6, 4, 35)},
                   {Shape(2, 3, 4), Shape(2, 4), Shape(2, 3, 4)},
                   [](auto&, const Inputs& x) { return gated_add(x[0], x[1], x[2]); }});

  cases.push_back({"weighted_sum", {m(4, 1, 36)}, {}, [](auto&, const Inputs& x) {
                     const double weight[] = {0.5, -1.0, 2.0, 0.0};
                     return weighted_sum(x[0], weight);
                   }});
  cases.push_back({"mean", {m(4, 3, 37)}, {}, [](auto&, const Inputs& x) { return latentcell::mean(x[0]); }});
  const auto target = std::make_shared<Matrix<double>>(m(4, 3, 39));
  cases.push_back({"mse", {m(4, 3, 38)}, {}, [target](auto&, const Inputs& x) { return mse(x[0], view(*target)); }});
  cases.push_back({"mse, weighted", {m(4, 3, 38)}, {}, [target](auto&, const Inputs& x) {
                     const double weight[] = {0.5, 1.0, 2.0, 0.0};
                     return mse(x[0], view(*target), weight);
                   }});

  const auto cells = count_cells();
  cases.push_back({"sparse_linear", {m(5, 3, 40), m(1, 3, 44)}, {}, [cells](auto&, const Inputs& x) {
                     return sparse_linear<double>(cells->counts, cells->library, x[0], x[1]);
                   }});
  return cases;
}

}  // namespace support
