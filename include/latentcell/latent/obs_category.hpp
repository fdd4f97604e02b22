#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <latentcell/condition/covariates.hpp>
#include <latentcell/data/annotation.hpp>
#include <latentcell/latent/condition_value.hpp>

namespace LATENTCELL_NAMESPACE {

/// An obs column of labels; the condition value is the code of the level. Other levels, missing labels and a missing
/// column are unknown.
struct ObsCategory {
  std::string column;
  std::vector<std::string> levels;

  static void visit(auto& self, auto&& f) {
    f("column", self.column);
    f("levels", self.levels);
  }

  const std::string& name() const { return column; }
  Index columns() const { return 1; }
  std::vector<std::string> obs_columns() const { return {column}; }
  void read(const Annotation& obs, View<float> to) const {
    const std::vector<int> codes = obs.codes(column, levels);
    for (Index i = 0; i < to.rows(); ++i) to(i, 0) = codes[to_size(i)] < 0 ? unknown : float(codes[to_size(i)]);
  }
  /// Throws std::invalid_argument for a level that was not trained on, which cannot be generated.
  void require_levels(const Annotation& obs) const {
    if (!obs.has(column)) return;
    const Categorical labels = obs.labels(column), trained{levels, {}};
    for (std::size_t l = 0; l < labels.levels.size(); ++l) {
      if (labels.count(int(l)) > 0) (void)trained.code_of(labels.levels[l]);
    }
  }
  void parse(const ConditionValue& value, View<float> to) const {
    LATENTCELL_REQUIRE(value.text() != nullptr, "condition '", column, "' takes a label, not a number; its levels are ",
                       Categorical{levels, {}}.list());
    to(0, 0) = float(Categorical{levels, {}}.code_of(*value.text()));
  }
  void write(ConstView<float> cells, Annotation& obs) const {
    Categorical out{levels, {}};
    for (Index i = 0; i < cells.rows(); ++i) {
      out.codes.push_back(std::isnan(cells(i, 0)) ? Categorical::missing : int(cells(i, 0)));
    }
    obs.set(column, std::move(out));
  }
};

}  // namespace latentcell
