#pragma once

#include <latentcell/distributed/mpi_team.hpp>

/// The team of the job that the tests run in.
latentcell::MpiTeam& the_team();
