// The main of the tests that run on every rank of a job: mpirun -n 4 latentcell_test_distributed
#define CATCH_CONFIG_RUNNER
#include "support/catch.hpp"

#include <latentcell/distributed/run.hpp>

#include "distributed/team.hpp"

static latentcell::MpiTeam* only = nullptr;

latentcell::MpiTeam& the_team() { return *only; }

int main(int argc, char** argv) {
  return latentcell::distributed(argc, argv, [&](latentcell::MpiTeam& team) {
    only = &team;
    return Catch::Session().run(argc, argv);
  });
}
