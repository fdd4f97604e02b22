#include <latentcell/train/stage_clock.hpp>

#include <chrono>
#include <cmath>
#include <thread>

#include "support/catch.hpp"

namespace lc = latentcell;
using lc::StageClock;

namespace {

void wait(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

}  // namespace

TEST_CASE("StageClock: the time left follows the steps, before an epoch has ended") {
  StageClock clock;
  CHECK(std::isnan(clock.progress({}, 4).seconds_left));
  clock.start("net");
  CHECK(clock.progress({}, 4).share == 0);
  wait(0.02);
  clock.step(0, 10);
  const lc::StageProgress at = clock.progress({}, 4);
  CHECK(at.epoch == 1);
  CHECK(at.epochs == 4);
  CHECK(at.share == Approx(0.1));
  CHECK(at.seconds_left > 9 * 0.02 * 0.99);
  CHECK(std::isnan(at.seconds_left_in_all));
  CHECK(std::isnan(at.loss));
}

TEST_CASE("StageClock: a resumed stage counts the steps of this run alone") {
  StageClock clock;
  clock.start("net");
  wait(0.02);
  clock.step(89, 100);
  clock.step(90, 100);
  // Two steps in 0.02 s, so nine more take 0.09 s; counted from the first step of all they would take 0.002 s.
  CHECK(clock.progress({}, 1).seconds_left > 0.08);
}

TEST_CASE("StageClock: all stages are the planned ones, at the rate of their kind") {
  StageClock clock;
  for (const char* stage : {"vae", "flow", "vae_cross_fit_1", "flow_cross_fit_1", "vae"}) clock.plan(stage, 100);
  clock.start("vae");
  wait(0.02);
  clock.step(9, 10), clock.finish("vae");
  clock.start("flow");
  wait(0.1);
  clock.step(0, 1);
  // Left: a second autoencoder at its own rate, and a second flow at the rate of the one under way. The machine may be
  // busy: sleeps are longer than asked for, so only what is surely above is checked.
  const lc::StageProgress at = clock.progress({}, 1);
  CHECK(at.seconds_left == 0);
  CHECK(at.seconds_left_in_all > 0.1);
  clock.finish("flow");
  clock.start("vae_cross_fit_1"), clock.step(0, 1), clock.finish("vae_cross_fit_1");
  clock.start("flow_cross_fit_1"), clock.step(0, 2);
  CHECK(std::isnan(clock.progress({}, 1).seconds_left_in_all));
}

TEST_CASE("StageClock: stages of folds are of the kind of their last part") {
  StageClock clock;
  clock.plan("fold_1_of_2_protein_1", 1);
  clock.plan("fold_2_of_2_protein_2", 1);
  clock.plan("fold_2_of_2_rna_1", 0);
  clock.start("fold_1_of_2_protein_1");
  wait(0.02);
  clock.step(0, 1);
  clock.finish("fold_1_of_2_protein_1");
  clock.start("fold_2_of_2_rna_1");
  clock.step(0, 1);
  CHECK(clock.progress({}, 1).seconds_left_in_all >= 0.02);
}
