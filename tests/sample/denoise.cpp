#include <latentcell/core/rng.hpp>
#include <latentcell/core/tensor.hpp>
#include <latentcell/flow/ddpm.hpp>
#include <latentcell/flow/rectified_flow.hpp>
#include <latentcell/sample/denoise.hpp>

#include "sample/gaussian_denoiser.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using sample_tests::GaussianDenoiser;

namespace {

struct Normal {
  Rng& rng;
  template <class T>
  void operator()(View<T> out) {
    for (Index i = 0; i < out.size(); ++i) out.data()[i] = T(rng.normal());
  }
};

const auto no_noise = [](auto) { throw std::logic_error("no noise should be drawn"); };

template <class P>
double error_after(const P& path, Method method, Index steps, double to) {
  GaussianDenoiser<P> denoiser{path};
  Matrix<double> z(1, 3);
  z << -1.5, 0.2, 1.1;
  const Matrix<double> first = z;
  denoise(denoiser, path, view(z), {.method = method, .steps = steps, .from = 0, .to = to}, no_noise);
  double worst = 0;
  for (Index j = 0; j < 3; ++j) worst = std::max(worst, std::abs(z(0, j) - denoiser.push_forward(first(0, j), 0, to)));
  return worst;
}

struct Moments {
  double mean = 0, deviation = 0;
};

template <class P>
Moments moments_after(const P& path, const DenoiseOptions& options) {
  GaussianDenoiser<P> denoiser{path};
  Rng rng(3);
  Matrix<double> z(20000, 1);
  Normal{rng}(view(z));
  denoise(denoiser, path, view(z), options, Normal{rng});
  const double mean = z.mean();
  return {mean, std::sqrt((z.array() - mean).square().mean())};
}

}  // namespace

TEST_CASE("denoise: without new noise the error falls with the order of the method") {
  for (NoiseSchedule schedule : {NoiseSchedule::linear, NoiseSchedule::cosine, NoiseSchedule::sigmoid}) {
    const Ddpm path{.schedule = schedule};
    INFO("schedule " << int(schedule));
    const auto order = [&](Method m) {
      return std::log2(error_after(path, m, 400, 0.9) / error_after(path, m, 800, 0.9));
    };
    CHECK(order(Method::ddim) == Approx(1).margin(0.2));
    CHECK(order(Method::dpm_multistep) == Approx(2).margin(0.35));  // first and last step are of order 1
    CHECK(order(Method::dpm_singlestep) == Approx(2).margin(0.25));
  }
  const RectifiedFlow straight;
  const auto order = [&](Method m) {
    return std::log2(error_after(straight, m, 400, 0.9) / error_after(straight, m, 800, 0.9));
  };
  CHECK(order(Method::ddim) == Approx(1).margin(0.2));
  CHECK(order(Method::dpm_multistep) == Approx(2).margin(0.3));
  CHECK(order(Method::dpm_singlestep) == Approx(2).margin(0.3));
}

TEST_CASE("denoise: on the straight path ddim is Euler's rule") {
  const RectifiedFlow path;
  GaussianDenoiser<RectifiedFlow> denoiser{path};
  Matrix<double> a(2, 2), b;
  a << 0.3, -1, 2, 0.1;
  b = a;
  denoise(denoiser, path, view(a), {.method = Method::ddim, .steps = 7}, no_noise);
  integrate(
      [&](double t, ConstView<double> z, View<double> v) {
        denoiser(t, z, v);
        for (Index i = 0; i < z.size(); ++i) v.data()[i] = (v.data()[i] - z.data()[i]) / (1 - t);
      },
      view(b), {.method = Method::euler, .steps = 7});
  CHECK((a - b).cwiseAbs().maxCoeff() < 1e-12);
}

TEST_CASE("denoise: samples of a normal distribution have its mean and deviation") {
  for (NoiseSchedule schedule : {NoiseSchedule::linear, NoiseSchedule::cosine, NoiseSchedule::sigmoid}) {
    const Ddpm path{.schedule = schedule};
    for (const DenoiseOptions& o : {DenoiseOptions{.method = Method::ddim, .steps = 400},
                                    DenoiseOptions{.method = Method::ddim, .steps = 400, .eta = 0.5},
                                    DenoiseOptions{.method = Method::ancestral, .steps = 400},
                                    DenoiseOptions{.method = Method::euler_maruyama, .steps = 1000},
                                    DenoiseOptions{.method = Method::dpm_multistep, .steps = 30},
                                    DenoiseOptions{.method = Method::dpm_singlestep, .steps = 30}}) {
      INFO("schedule " << int(schedule) << ", method " << int(o.method) << ", eta " << o.eta);
      const Moments m = moments_after(path, o);
      CHECK(m.mean == Approx(0.7).margin(0.015));
      CHECK(m.deviation == Approx(0.4).margin(0.015));
    }
  }
  CHECK(moments_after(RectifiedFlow{}, {.method = Method::ancestral, .steps = 400}).deviation ==
        Approx(0.4).margin(0.015));
}

TEST_CASE("denoise: asks as often as the method says") {
  const Ddpm path;
  const auto calls = [&](Method method) {
    GaussianDenoiser<Ddpm> denoiser{path};
    Matrix<float> z = Matrix<float>::Ones(2, 3);
    Rng rng(1);
    const IntegrateResult r = denoise(denoiser, path, view(z), {.method = method, .steps = 6}, Normal{rng});
    CHECK(r.evaluations == denoiser.calls);
    CHECK(r.steps == 6);
    return denoiser.calls;
  };
  for (Method m : {Method::ddim, Method::ancestral, Method::dpm_multistep, Method::euler_maruyama})
    CHECK(calls(m) == 6);
  CHECK(calls(Method::dpm_singlestep) == 12);
}

TEST_CASE("denoise: what cannot work is refused with the alternative") {
  const RectifiedFlow path;
  GaussianDenoiser<RectifiedFlow> denoiser{path};
  Matrix<float> z = Matrix<float>::Ones(1, 2);
  const auto run = [&](const DenoiseOptions& o) { denoise(denoiser, path, view(z), o, no_noise); };
  REQUIRE_THROWS_WITH(run({.method = Method::heun}), ContainsText("follows a velocity; call integrate()"));
  REQUIRE_THROWS_WITH(run({.method = Method::euler_maruyama}), ContainsText("choose ancestral"));
  REQUIRE_THROWS_WITH(run({.method = Method::ddim, .eta = 1.5}), ContainsText("eta must be in [0, 1], got 1.5"));
  REQUIRE_THROWS_WITH(run({.method = Method::dpm_multistep, .eta = 0.5}), ContainsText("eta is ddim's"));
  REQUIRE_THROWS_WITH(run({.from = 1, .to = 0}), ContainsText("from noise to data, got times 1 to 0"));
  REQUIRE_THROWS_WITH(integrate(denoiser, view(z), {.method = Method::ddim}),
                      ContainsText("call denoise() with the path"));
  const auto broken = [](float, ConstView<float>, View<float> x) { x.setConstant(std::nanf("")); };
  REQUIRE_THROWS_WITH(denoise(broken, path, view(z), {.steps = 3}, no_noise), ContainsText("no longer finite"));
}
