#pragma once

#include <cmath>
#include <string>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/autodiff/tape.hpp>
#include <latentcell/autodiff/visit.hpp>

namespace LATENTCELL_NAMESPACE {

struct GradcheckOptions {
  double step = 1e-5;      ///< half the distance of the two points of a central difference
  double floor = 1e-4;     ///< errors are taken relative to max(|analytic|, |difference|, floor)
  std::uint64_t seed = 1;  ///< of the tape's random numbers and of the weights that make a scalar of the result

  static void visit(auto& self, auto&& f) {
    f("step", self.step, above(0));
    f("floor", self.floor, above(0));
    f("seed", self.seed);
  }
};

struct GradcheckResult {
  double worst = 0;   ///< largest relative error met
  std::string where;  ///< input and element it was met at, with both numbers
};

/// Compares the gradients of f with central differences, in double: the condition for an operation to exist.
/// f takes (tape, inputs) and gives a Var of any shape; the scalar compared is a fixed random weighting of it.
/// Random numbers that f draws from the tape are the same in every evaluation.
template <class F>
GradcheckResult gradcheck(F&& f, std::vector<Matrix<double>> inputs, const std::vector<Shape>& shapes = {},
                          const GradcheckOptions& options = {}) {
  check_options("gradcheck", options);
  Tape<double> tape;
  Matrix<double> weights;
  const auto run = [&] {
    tape.reset(Mode::train, Rng(options.seed));
    std::vector<Var<double>> vars;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const ConstView<double> x = view(inputs[i]);
      vars.push_back(shapes.empty() ? tape.input(x) : tape.input(x, shapes[i]));
    }
    const Var<double> y = f(tape, vars);
    if (weights.size() == 0) {
      Rng rng(options.seed, 17);
      weights.resize(y.rows(), y.cols());
      for (Index i = 0; i < weights.size(); ++i) weights.data()[i] = 0.5 + rng.uniform_double();
    }
    return std::pair(vars, y);
  };
  const auto value = [&] { return (run().second.value().array() * weights.array()).sum(); };

  auto [vars, y] = run();
  tape.backward(y, view(weights));
  std::vector<Matrix<double>> analytic;
  for (const auto& v : vars) analytic.push_back(v.upstream());

  GradcheckResult result;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    for (Index k = 0; k < inputs[i].size(); ++k) {
      double& x = inputs[i].data()[k];
      const double kept = x;
      x = kept + options.step;
      const double above = value();
      x = kept - options.step;
      const double below = value();
      x = kept;
      const double difference = (above - below) / (2 * options.step), a = analytic[i].data()[k];
      const double error = std::abs(a - difference) / std::max({std::abs(a), std::abs(difference), options.floor});
      if (!(error <= result.worst)) {
        result = {error, text("input ", i, ", element ", k, ": gradient ", a, ", difference ", difference)};
        if (!std::isfinite(error)) return result;
      }
    }
  }
  return result;
}

}  // namespace latentcell
