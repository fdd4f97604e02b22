// Both stages trained by several processes: mpirun -n 4 build/examples/example_distributed. Each rank
// takes a share of every step's minibatches, encodes a range of cells and generates blocks of new
// ones; what comes out does not depend on the number of ranks. A rank that fails ends the job.
#include <cmath>
#include <cstdio>
#include <span>

#include <latentcell/distributed/run.hpp>
#include <latentcell/latent/encode_by_ranks.hpp>
#include <latentcell/latentcell.hpp>
#include <latentcell/train/stop_on_signal.hpp>

namespace lc = latentcell;
using lc::Index;

Eigen::ArrayXd gene_sums(const lc::Counts& counts) {
  Eigen::ArrayXd sums = Eigen::ArrayXd::Zero(counts.cols());
  for (Index row = 0; row < counts.rows(); ++row) {
    const auto genes = counts.view().row_columns(row);
    for (std::size_t k = 0; k < genes.size(); ++k) sums[genes[k]] += counts.view().row_values(row)[k];
  }
  return sums;
}

int main(int argc, char** argv) {
  return lc::distributed(argc, argv, [&](lc::MpiTeam& team) {
    lc::Rng rng(1);  // the same on every rank: all begin with the same cells and weights
    const lc::CellTable cells = lc::simulate({.cells = 1200, .genes = 200, .types = 3}, rng);
    const lc::StopOnSignal stop;  // a signal to any rank stops all after the same step

    // Eight minibatches of 16 cells are a step, so that 1, 2, 4 or 8 ranks can share it.
    lc::Vae<float, lc::NegativeBinomial<float>> vae({.genes = 200, .hidden = {64}, .latent = 8}, rng);
    lc::TrainState<float> first, second;
    first.team = second.team = team;
    lc::fit(vae, cells, {.epochs = 60, .batch = 16, .accumulate = 8}, first, stop.hook(),
            lc::on_first(team, lc::progress({.label = "autoencoder"})));
    if (first.history.interrupted) return 130;
    const lc::LatentTable latents = lc::encode(vae, cells, team);

    const lc::Categorical types = cells.obs("cell_type");
    lc::ResidualMlp<float> net({.latent = 8, .width = 64, .depth = 2, .condition = 16}, rng);
    lc::CategoricalCovariate<float> encoder(Index(types.levels.size()), 16, rng);
    lc::LatentFlow flow(lc::RectifiedFlow{}, net, lc::from_obs("cell_type", types.levels, encoder));
    lc::fit(flow, latents, {.epochs = 60, .batch = 16, .accumulate = 8, .ema = 0.99f}, second, stop.hook(),
            lc::on_first(team, lc::progress({.label = "flow"})));
    if (second.history.interrupted) return 130;

    // 16 blocks of new cells, each with random numbers of its own. Here the ranks sum their mean
    // expression; elsewhere a block is a file.
    Eigen::ArrayXd made = Eigen::ArrayXd::Zero(cells.genes());
    for (Index block = team.rank(); block < 16; block += team.size()) {
      lc::Rng own = rng.at(std::uint64_t(block));
      made += gene_sums(lc::draw(vae, flow.generate({.count = 75}, own), own).counts);
    }
    team.sum(std::span<double>(made.data(), lc::to_size(made.size())));
    const Eigen::ArrayXd real = gene_sums(cells.counts);
    const double off = ((made + 1).log() - (real + 1).log()).abs().mean();
    if (team.rank() == 0) std::printf("mean expression is off by %.6f on %d ranks\n", off, int(team.size()));
    return off < 0.2 ? 0 : 1;
  });
}
