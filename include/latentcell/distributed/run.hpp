#pragma once

#include <cstdio>
#include <exception>
#include <string>

#include <latentcell/distributed/mpi_team.hpp>

namespace LATENTCELL_NAMESPACE {

namespace detail {

/// Says on stderr which rank it is, where, and what, in one write; ends the job.
inline int end_job(MpiTeam& team, const std::string& what) {
  char host[MPI_MAX_PROCESSOR_NAME + 1] = {};
  int length = 0;
  MPI_Get_processor_name(host, &length);
  const std::string line =
      text("rank ", team.rank(), " of ", team.size(), " on ", std::string(host, to_size(length)), ": ", what, "\n");
  std::fwrite(line.data(), 1, line.size(), stderr);
  std::fflush(stderr);
  team.abort();
  return 1;
}

}  // namespace detail

/// Runs the body of main on every rank of an MPI job and returns the status that the program ends with:
///
///   int main(int argc, char** argv) {
///     return lc::distributed(argc, argv, [&](lc::MpiTeam& team) { ...; return 0; });
///   }
///
/// An exception on any rank is written to stderr with rank and host and ends the whole job with a status other than 0,
/// and so does a rank that comes to its end while others wait for it in a sum. Where the body returns another status
/// than 0 on some ranks, those with 0 end with 1.
template <class Body>
int distributed(int& argc, char**& argv, const Body& body) {
  int threads = 0;
  if (MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &threads) != MPI_SUCCESS) throw_runtime("MPI cannot start");
  int status = 0;
  {
    MpiTeam team;
    try {
      status = body(team);
      double failed = status == 0 ? 0 : 1;
      team.end();
      team.sum(std::span<double>(&failed, 1));
      if (status == 0 && failed > 0) status = 1;
    } catch (const std::exception& e) {
      return detail::end_job(team, e.what());
    } catch (...) {
      return detail::end_job(team, "an exception that is no std::exception");
    }
  }
  MPI_Finalize();
  return status;
}

}  // namespace latentcell
