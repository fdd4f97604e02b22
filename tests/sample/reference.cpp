// Numbers of diffusers' schedulers: tests/reference/samplers.py.
#include <cmath>

#include <latentcell/sample/denoise.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"
#include "support/reference.hpp"

using namespace latentcell;

namespace {

// The scheduler's own alphas, the k-th at time k / steps.
struct TablePath {
  Matrix<double> alpha;
  Index index(double t) const { return Index(std::lround(t * double(alpha.cols() - 1))); }
  PathCoefficients at(double t) const {
    const double a = alpha(0, index(t));
    return {a, std::sqrt(std::max(0.0, 1 - a * a)), 0, 0};
  }
};

Matrix<double> push_forward(const Reference& reference, const std::string& name, const DenoiseOptions& options) {
  const TablePath path{reference.matrix(name + ".alpha")};
  Matrix<double> z = reference.matrix("start");
  const Matrix<double> noise = reference.matrix("noise");
  const auto denoiser = [&](double t, ConstView<double> at, View<double> out) {
    out = (at.array().tanh() / 2 + double(path.index(t) + 1) / 20).matrix();
  };
  Index drawn = 0;
  const auto normal = [&](View<double> out) { std::copy_n(noise.data() + 12 * drawn++, 12, out.data()); };
  denoise(denoiser, path, View<double>(z.data(), z.rows(), z.cols()), options, normal);
  return z;
}

}  // namespace

TEST_CASE("denoise: agrees with diffusers' DDIM, DDPM and DPM-Solver++ on their own times") {
  const Reference reference("samplers");
  const auto gap = [&](const Matrix<double>& z, const std::string& name) {
    return (z - reference.matrix(name)).cwiseAbs().maxCoeff();
  };
  CHECK(gap(push_forward(reference, "ddim_0", {.method = Method::ddim, .steps = 8}), "ddim_0.end") < 1e-5);
  CHECK(gap(push_forward(reference, "ddim_1", {.method = Method::ddim, .steps = 8, .eta = 1}), "ddim_1.end") < 1e-5);
  CHECK(gap(push_forward(reference, "ddim_1", {.method = Method::ancestral, .steps = 8}), "ddim_1.end") < 1e-5);
  CHECK(gap(push_forward(reference, "multistep", {.method = Method::dpm_multistep, .steps = 8}), "multistep.end") <
        1e-5);
  // Of its eight evaluations diffusers spends the last two on steps of first order.
  CHECK(gap(push_forward(reference, "singlestep", {.method = Method::dpm_singlestep, .steps = 3, .to = 0.75}),
            "singlestep.sixth") < 1e-5);
}
