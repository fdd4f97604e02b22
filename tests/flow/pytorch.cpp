// Numbers of diffusers: tests/reference/pytorch.py.
#include <latentcell/op/mse.hpp>
#include <latentcell/core/tensor.hpp>
#include <latentcell/flow/ddpm.hpp>
#include <latentcell/flow/rectified_flow.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"
#include "support/reference.hpp"

using namespace latentcell;
using support::window;

namespace {

// The schedules keep a thousandth off both ends.
double our_time(double s) { return (0.999 - s) / 0.998; }

// Points, targets, weights and the loss of a path at given times.
template <class Path>
void agrees(const Reference& reference, const Path& path, const std::vector<double>& t, const std::string& z_name,
            const std::string& prefix) {
  const Matrix<double>&data = reference.matrix("path.data"), &noise = reference.matrix("path.noise"),
        &said = reference.matrix("path.prediction");
  Matrix<double> z(5, 3), target(5, 3), weight(5, 1);
  path.template interpolate<double>(t, window(noise), window(data), view(z), view(target));
  for (Index b = 0; b < 5; ++b) weight(b, 0) = path.weight(t[to_size(b)]);
  INFO(prefix);
  CHECK(farthest(z, reference.matrix(z_name)) < 1e-6);
  CHECK(farthest(target, reference.matrix(prefix + ".target")) < 1e-6);
  CHECK(farthest(weight, reference.matrix(prefix + ".weight")) < 1e-5);
  Tape<double> tape;
  const Var<double> prediction = tape.input(window(said)), loss = mse(prediction, window(target), weight.data());
  tape.backward(loss);
  CHECK(farthest(loss.value(), reference.matrix(prefix + ".loss")) < 1e-5);
  CHECK(farthest(prediction.upstream(), reference.matrix(prefix + ".dprediction")) < 1e-5);
}

}  // namespace

TEST_CASE("RectifiedFlow: points, targets and loss agree with diffusers' flow matching, whose time runs backwards") {
  const Reference reference("pytorch");
  std::vector<double> t = reference.vector("flow.s");
  for (double& s : t) s = 1 - s;
  agrees(reference, RectifiedFlow{}, t, "flow.z", "flow");
}

TEST_CASE("Ddpm: schedules, points, targets, min-SNR weights and losses agree with diffusers") {
  const Reference reference("pytorch");
  const std::vector<double> s = reference.vector("schedule.s");
  std::vector<double> t;
  for (double at : s) t.push_back(our_time(at));
  const std::pair<NoiseSchedule, std::string> schedules[] = {
      {NoiseSchedule::linear, "linear"}, {NoiseSchedule::cosine, "cosine"}, {NoiseSchedule::sigmoid, "sigmoid"}};
  const std::pair<Prediction, std::string> predictions[] = {
      {Prediction::noise, "noise"}, {Prediction::data, "data"}, {Prediction::velocity, "velocity"}};
  for (const auto& [schedule, name] : schedules) {
    const Matrix<double>& signal = reference.matrix(name + ".signal");
    for (Index i = 0; i < 5; ++i) {
      const double alpha = schedule_point(schedule, t[to_size(i)]).alpha;
      INFO(name << " at " << s[to_size(i)] << ": " << alpha * alpha << " and " << signal(i, 0));
      CHECK(std::abs(alpha * alpha - signal(i, 0)) < 1e-7);
    }
    for (const auto& [prediction, what] : predictions) {
      const Ddpm path{.schedule = schedule, .prediction = prediction, .weighting = LossWeight::min_snr};
      agrees(reference, path, t, name + ".z", name + "." + what);
    }
  }
}

TEST_CASE("schedule_point: the linear schedule is the limit of the discrete one of a thousand steps") {
  const Reference reference("pytorch");
  const std::vector<double> s = reference.vector("schedule.s"), signal = reference.vector("discrete_linear.signal");
  for (std::size_t i = 0; i < s.size(); ++i) {
    const double alpha = schedule_point(NoiseSchedule::linear, our_time(s[i])).alpha;
    CHECK(std::abs(alpha * alpha - signal[i]) < 5e-4);
  }
}
