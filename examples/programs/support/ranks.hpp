#pragma once

#include <functional>

#include <latentcell/train/team.hpp>

// Where a program runs: in one process, or as several ranks where it is built with MPI (generate_cells_mpi). All ranks
// read and train; rank 0 alone prints, generates and writes.

namespace program {

namespace lc = latentcell;

/// The ranks that run this program.
lc::AnyTeam& ranks();

/// Whether this is rank 0, or the only process.
inline bool is_first() { return ranks().rank() == 0; }

/// Returns the status of run(), which is called on every rank.
int on_ranks(int& argc, char**& argv, const std::function<int()>& run);

}  // namespace program
