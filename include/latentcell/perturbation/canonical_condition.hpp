#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/latent/obs_genes.hpp>

namespace LATENTCELL_NAMESPACE::perturbation {

/// Returns one name for all spellings of a condition: sorted, without the control and without blanks around names.
/// "B+A" and "A+B" give "A+B"; "A" and "A+ctrl" give "A". A control that is itself joined is the control in any order.
/// joint: the character between the names of the data; between those of the result it is '+'
inline std::string canonical_condition(const std::string& condition, const std::string& control, char joint = '+') {
  if (condition == control) return control;
  const auto parts = [&](const std::string& label) {
    std::vector<std::string> names = joined_names(label, joint);
    for (std::string& name : names) {
      const std::size_t first = name.find_first_not_of(' '), last = name.find_last_not_of(' ');
      name = first == std::string::npos ? "" : name.substr(first, last - first + 1);
    }
    std::sort(names.begin(), names.end());
    return names;
  };
  std::vector<std::string> names = parts(condition);
  const std::vector<std::string> untreated = parts(control);
  if (names.size() > 1 || names == untreated)
    std::erase_if(names, [&](const std::string& name) { return name == control || name.empty(); });
  if (std::includes(names.begin(), names.end(), untreated.begin(), untreated.end())) {
    for (const std::string& name : untreated) names.erase(std::find(names.begin(), names.end(), name));
  }
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : "+") + name;
  return names.empty() ? control : out;
}

/// Returns the conditions of a query, each once. Throws std::invalid_argument for the control.
inline std::vector<std::string> canonical_conditions(const std::vector<std::string>& conditions,
                                                     const std::string& control, char joint = '+') {
  std::vector<std::string> out;
  for (const std::string& name : conditions) {
    const std::string one = canonical_condition(name, control, joint);
    LATENTCELL_REQUIRE(one != control, "perturbation '", name, "' is the control");
    if (std::count(out.begin(), out.end(), one) == 0) out.push_back(one);
  }
  return out;
}

}  // namespace latentcell::perturbation
