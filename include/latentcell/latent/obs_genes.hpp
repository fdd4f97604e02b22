#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <latentcell/condition/covariates.hpp>
#include <latentcell/data/annotation.hpp>
#include <latentcell/latent/condition_value.hpp>

namespace LATENTCELL_NAMESPACE {

/// The names joined in a label, in their order: "A+B" has "A" and "B". A sign that stands in brackets, or has no name
/// on both sides, belongs to a name: "dox+", "Ca2+", "(+)-3-PPP" and "CD4++CD8" are one name each.
inline std::vector<std::string> joined_names(std::string_view label, char joint = '+') {
  std::vector<std::string> out;
  std::size_t first = 0;
  int depth = 0;
  const auto joins = [&](std::size_t i) { return i < label.size() && label[i] == joint; };
  for (std::size_t i = 0; i < label.size(); ++i) {
    const char c = label[i];
    if (c == '(' || c == '[' || c == '{') ++depth;
    if ((c == ')' || c == ']' || c == '}') && depth > 0) --depth;
    if (!joins(i) || depth > 0) continue;
    const bool alone = i > first && i + 1 < label.size() && !joins(i + 1) && !joins(i - 1);
    if (!alone) continue;
    out.emplace_back(label.substr(first, i - first));
    first = i + 1;
  }
  out.emplace_back(label.substr(first));
  return out;
}

/// An obs column of perturbed genes with names joined, "control", "STAT1", "STAT1+IRF1"; the condition values are one
/// weight per gene.
struct ObsGenes {
  std::string column;
  std::vector<std::string> genes;   ///< genes that can be perturbed
  std::string control = "control";  ///< label of a cell without perturbed gene
  char joint = '+';                 ///< between the genes of a combination

  static void visit(auto& self, auto&& f) {
    f("column", self.column);
    f("genes", self.genes);
    f("control", self.control);
    f("joint", self.joint);
  }

  const std::string& name() const { return column; }
  Index columns() const { return Index(genes.size()); }
  std::vector<std::string> obs_columns() const { return {column}; }
  void read(const Annotation& obs, View<float> to) const {
    if (!obs.has(column)) {
      to.setConstant(unknown);
      return;
    }
    const Categorical labels = obs.labels(column);
    Matrix<float> of_level(Index(labels.levels.size()) + 1, columns());
    for (Index l = 0; l < Index(labels.levels.size()); ++l) fill(labels.levels[to_size(l)], of_level.row(l).data());
    of_level.bottomRows(1).setConstant(unknown);
    for (Index i = 0; i < to.rows(); ++i) {
      const int code = labels.codes[to_size(i)];
      to.row(i) = of_level.row(code < 0 ? of_level.rows() - 1 : Index(code));
    }
  }
  /// The names, joined, or a weight of each gene.
  void parse(const ConditionValue& value, View<float> to) const {
    if (value.text() != nullptr) return fill(*value.text(), to.data());
    LATENTCELL_REQUIRE(value.numbers() != nullptr && Index(value.numbers()->size()) == columns(), "condition '", column,
                       "' takes names of genes or a weight of each of the ", columns(), " genes");
    std::copy(value.numbers()->begin(), value.numbers()->end(), to.data());
  }
  void write(ConstView<float> cells, Annotation& obs) const {
    std::vector<std::string> out;
    for (Index i = 0; i < cells.rows(); ++i) {
      std::string label;
      for (Index g = 0; g < columns(); ++g) {
        if (cells(i, g) > 0) label += (label.empty() ? "" : std::string(1, joint)) + genes[to_size(g)];
      }
      const bool missing = is_unknown(cells.data() + i * columns(), columns());
      out.push_back(missing ? "" : label.empty() ? control : label);
    }
    obs.set(column, to_categorical(out));
  }

 private:
  void fill(std::string_view label, float* to) const {
    std::fill_n(to, columns(), 0.0f);
    if (label == control) return;
    for (const std::string& gene : joined_names(label, joint)) {
      const auto at = std::find(genes.begin(), genes.end(), gene);
      LATENTCELL_REQUIRE(at != genes.end(), "perturbation '", label, "' of column '", column, "' names '", gene,
                         "', which is neither '", control, "' nor one of the ", genes.size(), " genes");
      to[at - genes.begin()] += 1;
    }
  }
};

}  // namespace latentcell
