// What tests/distributed/run.sh lets fail: run HOW FOLDER. Each rank leaves its process number in FOLDER/pid.RANK.
#include <latentcell/distributed/run.hpp>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>

#include <unistd.h>

#include <latentcell/data/simulate.hpp>
#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/train/checkpoint.hpp>
#include <latentcell/train/fit_cells.hpp>
#include <latentcell/train/stop_on_signal.hpp>

namespace lc = latentcell;

int main(int argc, char** argv) {
  const std::string how = argc > 1 ? argv[1] : "", folder = argc > 2 ? argv[2] : ".";
  return lc::distributed(argc, argv, [&](lc::MpiTeam& team) {
    const bool last = team.rank() == team.size() - 1;
    std::ofstream(folder + "/pid." + std::to_string(team.rank())) << ::getpid();
    if (how == "throw" && last) throw std::runtime_error("part3.h5ad: cannot be opened");
    if (how == "throw_number" && last) throw 3;
    if (how == "leave" && last) return 0;
    if (how == "status") return last ? 3 : 0;
    lc::Rng rng(1);
    const lc::CellTable cells = lc::simulate({.cells = 60, .genes = 12}, rng);
    lc::Vae<float, lc::NegativeBinomial<float>> vae({.genes = 12, .hidden = {8}, .latent = 2}, rng);
    lc::TrainState<float> state;
    state.team = team;
    const lc::StopOnSignal stop;
    const std::string file = folder + "/run.safetensors";
    if (std::ifstream(file).good()) lc::restore_training(file, vae, state);
    const lc::Index before = state.optimizer.steps;
    const bool endless = how == "endless";  // until it is stopped or killed
    const auto step = [&](const auto&, const auto&, const lc::StepInfo& at) {
      if (how == "throw_late" && last && at.step == 3) throw std::runtime_error("part3.h5ad: is cut short");
      if (endless) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      if (endless && last && at.step == before + 20) std::ofstream(folder + "/trains") << at.step;
    };
    const auto nothing = [](const auto&, const auto&) {};
    fit(vae, cells, {.epochs = endless ? 100000000 : 4, .batch = 8, .accumulate = 8}, state,
        lc::Hook{nothing, step, [] { return false; }}, stop.hook(),
        lc::on_first(team, lc::checkpoint(file, {.seconds = endless ? 0.05 : 30})));
    if (team.rank() == 0)
      std::printf("steps %ld to %ld%s\n", long(before), long(state.optimizer.steps),
                  state.history.interrupted ? ", stopped" : "");
    return state.history.interrupted ? 130 : 0;
  });
}
