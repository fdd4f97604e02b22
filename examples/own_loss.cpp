// A loss and a training loop of your own. A VAE is trained together with a linear head that reads
// how far developed a cell is from its latent, where that was measured: half of the cells. Both
// losses are one sum on one tape, and one optimizer moves the parameters of both modules. The head
// must then tell the position of the other half.
#include <cstdio>
#include <variant>
#include <vector>

#include <latentcell/data/simulate_development.hpp>
#include <latentcell/latentcell.hpp>
#include <latentcell/metric/pearson.hpp>

namespace lc = latentcell;
using lc::Index, lc::Var;

int main() {
  lc::Rng rng(1);
  const lc::CellTable cells = lc::simulate_development({.cells = 150, .genes = 100}, rng);
  const auto& way = std::get<std::vector<double>>(cells.cell_columns.get("way"));
  const auto measured = [](Index cell) { return cell % 2 == 0; };

  lc::Vae<float, lc::NegativeBinomial<float>> vae({.genes = 100, .hidden = {64}, .latent = 6}, rng);
  vae.initialize_from_data(cells.counts);
  lc::Linear<float> head(6, 1, rng);

  constexpr Index epochs = 30;
  constexpr float head_weight = 20;  // in nats per cell, as the likelihood is
  lc::CellBatches batches(cells, {.batch = 64});
  lc::AdamW<float> optimizer;
  const lc::Params<float> params(vae, head);
  const lc::CosineSchedule rate{.peak = 3e-3, .warmup = 20, .total = epochs * batches.batches()};
  lc::Tape<float> tape;
  lc::CellBatch batch;
  Index step = 0;

  for (Index epoch = 0; epoch < epochs; ++epoch) {
    double sum = 0;
    for (batches.begin_epoch(rng); batches.next(batch); ++step) {
      tape.reset(lc::Mode::train, rng.fork());
      const auto [mean, log_variance] = vae.encode(tape, batch);
      const Var<float> z = lc::reparameterize(mean, log_variance);
      const Var<float> elbo =
          lc::add(vae.mean_nll(tape, z, batch), lc::kl_standard_normal(mean, log_variance));

      lc::Matrix<float> target(batch.size(), 1), weight(batch.size(), 1);  // weight 0: not measured
      for (Index b = 0; b < batch.size(); ++b) {
        const Index cell = batch.cell[lc::to_size(b)];
        target(b, 0) = float(way[lc::to_size(cell)]);
        weight(b, 0) = measured(cell) ? head_weight : 0;
      }
      const Var<float> loss = lc::add(elbo, lc::mse(head(mean), lc::view(target), weight.data()));
      tape.backward(loss);
      optimizer.step(params, tape, float(rate(step)),
                     float(lc::clip_factor(lc::gradient_norm(params, tape), 10)));
      sum += double(loss.item());
    }
    if (epoch % 10 == 0)
      std::printf("epoch %td: loss %.2f\n", epoch + 1, sum / double(batches.batches()));
  }

  // A correlation needs no bias.
  const lc::Matrix<float> read = lc::encode(vae, cells).mean * head.weight.value.transpose();
  std::vector<double> predicted, truth;
  for (Index cell = 0; cell < cells.cells(); ++cell) {
    if (measured(cell)) continue;
    predicted.push_back(double(read(cell, 0)));
    truth.push_back(way[lc::to_size(cell)]);
  }
  const double r = lc::metric::pearson(predicted, truth);
  std::printf("correlation of the predicted and the true position of the other cells: %.2f\n", r);
  return r > 0.9 ? 0 : 1;
}
