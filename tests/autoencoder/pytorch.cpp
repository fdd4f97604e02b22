// Numbers of torch, scvi-tools and diffusers: tests/reference/pytorch.py.
#include <map>

#include <latentcell/autodiff/visit.hpp>
#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/nn/codebook.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"
#include "support/reference.hpp"

using namespace latentcell;
using support::window;

TEMPLATE_TEST_CASE("Vae: the whole loss and all its gradients agree with PyTorch and scvi-tools", "", double, float) {
  using T = TestType;
  const Reference reference("pytorch");
  const std::map<std::string, std::string> their_names{
      {"likelihood.log_theta", "log_theta"},
      {"first.weight", "encoder.0.linear.weight"},
      {"first.bias", "encoder.0.linear.bias"},
      {"first_tail.norm.weight", "encoder.0.norm.weight"},
      {"first_tail.norm.bias", "encoder.0.norm.bias"},
      {"encoder.layers.0.weight", "encoder.1.linear.weight"},
      {"encoder.layers.0.bias", "encoder.1.linear.bias"},
      {"encoder.tails.0.norm.weight", "encoder.1.norm.weight"},
      {"encoder.tails.0.norm.bias", "encoder.1.norm.bias"},
      {"decoder.layers.0.weight", "decoder.0.linear.weight"},
      {"decoder.layers.0.bias", "decoder.0.linear.bias"},
      {"decoder.layers.1.weight", "decoder.1.linear.weight"},
      {"decoder.layers.1.bias", "decoder.1.linear.bias"},
      {"decoder.tails.0.norm.weight", "decoder.0.norm.weight"},
      {"decoder.tails.0.norm.bias", "decoder.0.norm.bias"},
      {"decoder.tails.1.norm.weight", "decoder.1.norm.weight"},
      {"decoder.tails.1.norm.bias", "decoder.1.norm.bias"},
      {"heads.0.weight", "head.weight"},
      {"heads.0.bias", "head.bias"},
      {"to_mean.weight", "to_mean.weight"},
      {"to_mean.bias", "to_mean.bias"},
      {"to_log_variance.weight", "to_log_variance.weight"},
      {"to_log_variance.bias", "to_log_variance.bias"},
  };
  // A gene's weights lie together in the first layer: the other way round.
  const auto theirs = [&](std::string_view name, const std::string& prefix) -> Matrix<double> {
    const Matrix<double>& m = reference.matrix(prefix + their_names.at(std::string(name)));
    return name == "first.weight" ? Matrix<double>(m.transpose()) : m;
  };
  Rng rng(1);
  Vae<T, NegativeBinomial<T>> vae({.genes = 5,
                                   .hidden = {4, 3},
                                   .latent = 2,
                                   .dropout = 0,
                                   .kl_weight = 0.75f,
                                   .kl_warmup = 0,
                                   .reference_library = 16},
                                  rng);
  std::size_t told = 0;
  visit_params(vae, [&](std::string_view name, Param<T>& p) {
    if (p.value.size() == 0) return;
    INFO(name);
    const Matrix<double> value = theirs(name, "vae.");
    REQUIRE((p.value.rows() == value.rows() && p.value.cols() == value.cols()));
    p.value = value.cast<T>();
    ++told;
  });
  REQUIRE(told == their_names.size());

  const Counts counts = reference.counts("counts");
  const std::vector<float> library{16, 43, 5};
  CellBatch batch;
  batch.counts = counts.view();
  batch.library = library;
  Tape<T> tape(Mode::train, Rng(6));
  const Matrix<T> zero = Matrix<T>::Zero(3, 2);
  const Var<T> noise = reparameterize(tape.constant(window(zero)), tape.constant(window(zero)));
  REQUIRE(farthest(noise.value(), reference.matrix("vae.noise")) < 1e-6);  // else the script's noise is out of date
  tape.reset(Mode::train, Rng(6));
  const Var<T> loss = vae.loss(tape, batch, 1.0);
  tape.backward(loss);
  const double near = std::is_same_v<T, double> ? 2e-7 : 1e-5;  // scvi-tools adds 1e-8 within its logarithms
  CHECK(farthest(loss.value(), reference.matrix("vae.loss")) < near);
  visit_params(vae, [&](std::string_view name, const Param<T>& p) {
    if (p.value.size() == 0) return;
    INFO(name);
    REQUIRE(tape.grad(p) != nullptr);
    CHECK(farthest(ConstView<T>(tape.grad(p), p.value.rows(), p.value.cols()), theirs(name, "vae.d.")) < near);
  });
}

TEMPLATE_TEST_CASE("Codebook: codes, loss and straight-through gradient agree with diffusers", "", double, float) {
  using T = TestType;
  const Reference reference("pytorch");
  Rng rng(1);
  Codebook<T> book(4, {.groups = 2, .codes = 4, .update = CodebookUpdate::loss}, rng);
  book.table.value << reference.matrix("vq.table0").cast<T>(), reference.matrix("vq.table1").cast<T>();
  const Matrix<T> z = reference.matrix("vq.z").cast<T>(), seed = reference.matrix("vq.seed").cast<T>();
  Tape<T> tape;
  const Var<T> in = tape.input(window(z));
  const auto q = book(tape, in, T(0.25));
  tape.backward(q.loss);
  tape.backward(q.z, window(seed));
  const double near = std::is_same_v<T, double> ? 1e-11 : 1e-5;
  CHECK(farthest(q.z.value(), reference.matrix("vq.y")) < near);
  CHECK(farthest(q.loss.value(), reference.matrix("vq.loss")) < near);
  CHECK(farthest(in.upstream(), reference.matrix("vq.dz")) < near);
  const ConstView<T> d_table(tape.grad(book.table), 8, 2);
  CHECK(farthest(d_table.topRows(4), reference.matrix("vq.dtable0")) < near);
  CHECK(farthest(d_table.bottomRows(4), reference.matrix("vq.dtable1")) < near);
}
