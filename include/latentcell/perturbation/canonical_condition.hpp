#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/latent/obs_genes.hpp>

namespace LATENTCELL_NAMESPACE::perturbation {

/// Returns one name for all spellings of a condition: sorted, without the control. "B+A" and "A+B" give "A+B"; "A",
/// "A+" and "A+ctrl" give "A".
inline std::string canonical_condition(const std::string& condition, const std::string& control) {
  std::vector<std::string> names = joined_names(condition);
  std::erase_if(names, [&](const std::string& name) { return name.empty() || name == control; });
  std::sort(names.begin(), names.end());
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : "+") + name;
  return names.empty() ? control : out;
}

/// Returns the conditions of a query, each once. Throws std::invalid_argument for the control.
inline std::vector<std::string> canonical_conditions(const std::vector<std::string>& conditions,
                                                     const std::string& control) {
  std::vector<std::string> out;
  for (const std::string& name : conditions) {
    const std::string one = canonical_condition(name, control);
    LATENTCELL_REQUIRE(one != control, "perturbation '", name, "' is the control");
    if (std::count(out.begin(), out.end(), one) == 0) out.push_back(one);
  }
  return out;
}

}  // namespace latentcell::perturbation
