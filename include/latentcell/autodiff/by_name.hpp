#pragma once

#include <string>
#include <string_view>

#include <latentcell/autodiff/visit.hpp>

// Parts of a model by the names that visit_state gives them: "encoder" means every Param that is called so or whose
// name begins with "encoder.".

namespace LATENTCELL_NAMESPACE {

/// Calls f(param) for each Param of a part. Throws std::invalid_argument where no Param is so called, naming the parts
/// that there are.
template <class Model, class F>
void each_param_of(Model& model, std::string_view part, F&& f) {
  Index found = 0;
  std::string parts;
  visit_params(model, [&](std::string_view name, auto& p) {
    const std::string_view top = name.substr(0, name.find('.'));
    if (parts.size() < top.size() || parts.substr(parts.size() - top.size()) != top)
      parts += (parts.empty() ? "" : ", ") + std::string(top);
    const bool inside = name == part || (name.starts_with(part) && name[part.size()] == '.');
    if (!inside) return;
    ++found;
    f(p);
  });
  LATENTCELL_REQUIRE(found > 0, "no Param is called '", part, "' or begins with '", part, ".'; the model's parts are ",
                     parts);
}

/// Keeps a part as it is in training.
template <class Model>
void freeze(Model& model, std::string_view part) {
  each_param_of(model, part, [](auto& p) { p.frozen = true; });
}

/// Lets a part learn. A codebook that moves by averages and an adversary are frozen by their own modules: name a part
/// that does not hold them.
template <class Model>
void unfreeze(Model& model, std::string_view part) {
  each_param_of(model, part, [](auto& p) { p.frozen = false; });
}

/// Scales the learning rate of a part, on top of what its Params ask for.     factor > 0; below 1 learns slower
template <class Model>
void scale_learning_rate(Model& model, std::string_view part, float factor) {
  LATENTCELL_REQUIRE(factor > 0, "scale_learning_rate: the factor must be above 0, got ", factor,
                     "; freeze stops a part");
  each_param_of(model, part, [&](auto& p) { p.learning_rate *= decltype(p.learning_rate)(factor); });
}

}  // namespace latentcell
