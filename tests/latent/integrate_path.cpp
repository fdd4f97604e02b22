#include <latentcell/flow/rectified_flow.hpp>
#include <latentcell/latent/integrate_path.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("integrate_path: a constant velocity moves every cell by it, whatever the method") {
  const auto constant = [](float, ConstView<float>, View<float> out) { out.setConstant(2); };
  for (const Method method : {Method::euler, Method::heun, Method::rk4, Method::ddim, Method::dpm_multistep}) {
    const Matrix<float> start = Matrix<float>::Random(3, 2);
    Matrix<float> z = start;
    std::vector<Rng> rng(3, Rng(1));
    integrate_path<float>(RectifiedFlow{}, FieldRef<float>(constant), view(z), {.steps = 5, .method = method}, rng, {});
    INFO("method " << int(method));
    CHECK((z - start - Matrix<float>::Constant(3, 2, 2)).cwiseAbs().maxCoeff() < 1e-4f);
  }
}
