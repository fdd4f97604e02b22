#include <latentcell/conformal/conditional_velocity_net.hpp>

#include "conformal/fixtures.hpp"
#include "support/catch.hpp"

using namespace conformal_fixtures;

namespace {

Matrix<float> velocity(const ConditionalVelocityNet& net, const Matrix<float>& z, float time, const Matrix<float>& c) {
  Tape<float> tape(Mode::no_gradient);
  const std::vector<float> t(to_size(z.rows()), time);
  return net(tape, tape.constant(view(z)), t, tape.constant(view(c))).value();
}

}  // namespace

TEST_CASE("ConditionalVelocityNet: before training it depends on the condition alone, by the direct path") {
  Rng rng(1);
  ConditionalVelocityNet net(5, {.latent = 3, .width = 16, .depth = 1, .condition = 8}, rng);
  const Matrix<float> a = normals(7, 3, 2), b = normals(7, 3, 3), c = normals(7, 5, 4), other = normals(7, 5, 5);
  CHECK(velocity(net, a, 0, c).rows() == 7);
  CHECK(velocity(net, a, 0, c).cols() == 3);
  CHECK((velocity(net, a, 0, c) - velocity(net, b, 0.7f, c)).isZero());
  CHECK((velocity(net, a, 0, c) - velocity(net, a, 0, other)).cwiseAbs().minCoeff() > 0);
  net.direct.weight.value.setZero();
  net.direct.bias.value.setConstant(0.5f);
  CHECK((velocity(net, a, 0.2f, c).array() == 0.5f).all());
}

TEST_CASE("ConditionalVelocityNet: the residual network takes latent, time and condition") {
  Rng rng(1);
  ConditionalVelocityNet net(2, {.latent = 2, .width = 16, .depth = 1, .condition = 8}, rng);
  visit_state(net, [&](std::string_view, auto& p) {
    for (Index i = 0; i < p.value.size(); ++i) p.value.data()[i] += float(0.3 * rng.normal());
  });
  net.direct.weight.value.setZero();
  const Matrix<float> z = normals(4, 2, 2), c = normals(4, 2, 4);
  const Matrix<float> v = velocity(net, z, 0.3f, c);
  CHECK((v - velocity(net, normals(4, 2, 3), 0.3f, c)).cwiseAbs().minCoeff() > 1e-6f);
  CHECK((v - velocity(net, z, 0.6f, c)).cwiseAbs().minCoeff() > 1e-6f);
  CHECK((v - velocity(net, z, 0.3f, normals(4, 2, 5))).cwiseAbs().minCoeff() > 1e-6f);
}
