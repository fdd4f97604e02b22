#pragma once

#include <string>
#include <vector>

#include <latentcell/latent/obs_numbers.hpp>

namespace LATENTCELL_NAMESPACE::perturbation {

/// Reads the dose of each cell from one obs column of numbers. Without a column every dose is missing.
struct DoseColumn {
  std::string column = "";  ///< empty: the model has no dose

  static void visit(auto& self, auto&& f) { f("column", self.column); }

  std::string name() const { return column.empty() ? "missing_dose" : column; }
  Index columns() const { return 1; }
  std::vector<std::string> obs_columns() const {
    return column.empty() ? std::vector<std::string>() : std::vector<std::string>{column};
  }
  void read(const Annotation& obs, View<float> to) const {
    if (column.empty()) {
      to.setConstant(unknown);
      return;
    }
    numbers().read(obs, to);
  }
  void parse(const auto& value, View<float> to) const {
    LATENTCELL_REQUIRE(!column.empty(), "DoseColumn: a dose is given, but the model has no dose column");
    numbers().parse(value, to);
  }
  void write(ConstView<float> cells, Annotation& obs) const {
    if (!column.empty()) numbers().write(cells, obs);
  }

 private:
  ObsNumbers numbers() const { return {{column}}; }
};

}  // namespace latentcell::perturbation
