#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/autodiff/visit.hpp>

#include "support/catch.hpp"

namespace support {

/// Checks the gradients of a few elements of every Param of a model against central differences.
/// loss() gives the loss on the tape, reset before; differences below .01 count as .01
template <class Model, class Loss>
void check_param_gradients(latentcell::Tape<double>& tape, Model& model, const Loss& loss, double tolerance) {
  using latentcell::Index;
  using latentcell::Param;
  const auto picked = [](Index n) { return n == 0 ? std::vector<Index>{} : std::vector<Index>{0, n / 2, n - 1}; };
  tape.backward(loss());
  std::vector<double> analytic;
  latentcell::visit_params(model, [&](std::string_view name, const Param<double>& p) {
    INFO(name);
    if (p.value.size() > 0) REQUIRE(tape.grad(p) != nullptr);
    for (Index i : picked(p.value.size())) analytic.push_back(tape.grad(p)[i]);
  });
  std::size_t at = 0;
  latentcell::visit_params(model, [&](std::string_view name, Param<double>& p) {
    for (Index i : picked(p.value.size())) {
      double& x = p.value.data()[i];
      const double kept = x;
      x = kept + 1e-5;
      const double above = loss().item();
      x = kept - 1e-5;
      const double difference = (above - loss().item()) / 2e-5;
      x = kept;
      INFO(name << " " << i << ": " << analytic[at] << " and " << difference);
      CHECK(std::abs(analytic[at] - difference) < tolerance * std::max(1e-2, std::abs(difference)));
      ++at;
    }
  });
}

}  // namespace support
