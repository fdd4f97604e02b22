#pragma once

// The C++ bindings of MPI 2 would add a library to link.
#ifndef OMPI_SKIP_MPICXX
#define OMPI_SKIP_MPICXX 1
#endif
#ifndef MPICH_SKIP_MPICXX
#define MPICH_SKIP_MPICXX 1
#endif
#include <mpi.h>

#include <algorithm>
#include <chrono>
#include <span>
#include <string>
#include <thread>

#include <latentcell/core/error.hpp>
#include <latentcell/train/team.hpp>

namespace LATENTCELL_NAMESPACE {

/// The processes of an MPI communicator as a Team. Made and used by all of them, from the thread that began MPI, and
/// gone before MPI_Finalize. Throws std::runtime_error with MPI's own words where a call fails.
class MpiTeam {
 public:
  explicit MpiTeam(MPI_Comm ranks = MPI_COMM_WORLD) {
    check(MPI_Comm_dup(ranks, &ranks_));  // messages of others do not come between
    MPI_Comm_set_errhandler(ranks_, MPI_ERRORS_RETURN);
    check(MPI_Comm_rank(ranks_, &rank_));
    check(MPI_Comm_size(ranks_, &size_));
    if (size_ > 1)
      check(MPI_Irecv(&sums_of_previous_, 1, MPI_LONG_LONG, previous(), ended_tag, ranks_, &previous_ended_));
  }
  MpiTeam(const MpiTeam&) = delete;
  MpiTeam& operator=(const MpiTeam&) = delete;
  ~MpiTeam() {
    if (previous_ended_ != MPI_REQUEST_NULL) MPI_Cancel(&previous_ended_), MPI_Request_free(&previous_ended_);
    MPI_Comm_free(&ranks_);
  }

  Index rank() const { return rank_; }
  Index size() const { return size_; }

  /// Sums over all ranks, to the same bits on each. MPI sums in an order that depends on the number of ranks and of
  /// numbers alone, so that the same run gives the same bits. Throws std::runtime_error where a rank takes no part any
  /// more.
  void sum(std::span<float> numbers) { sum_in_pieces(numbers, MPI_FLOAT); }
  void sum(std::span<double> numbers) { sum_in_pieces(numbers, MPI_DOUBLE); }

  /// Tells that this rank sums no more and waits until all ranks say so.
  void end() {
    if (size_ == 1) return;
    MPI_Request requests[] = {previous_ended_, MPI_REQUEST_NULL, MPI_REQUEST_NULL};
    previous_ended_ = MPI_REQUEST_NULL;
    check(MPI_Isend(&sums_, 1, MPI_LONG_LONG, (rank_ + 1) % size_, ended_tag, ranks_, &requests[1]));
    check(MPI_Ibarrier(ranks_, &requests[2]));
    for (int done = 0; done == 0;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));  // another may write a file for minutes
      check(MPI_Testall(3, requests, &done, MPI_STATUSES_IGNORE));
    }
    heard_of_end_ = false;
  }

  /// Ends the processes of all ranks.
  void abort() { MPI_Abort(ranks_, 1); }

 private:
  static constexpr int ended_tag = 1;
  // MPI counts in int; pieces that stay in cache.
  static constexpr std::size_t piece = std::size_t(1) << 20;
  static constexpr std::size_t few = 4096;                    // numbers whose sum is waited for with open eyes

  int previous() const { return (rank_ + size_ - 1) % size_; }

  template <class T>
  void sum_in_pieces(std::span<T> numbers, MPI_Datatype type) {
    if (size_ == 1) return;
    ++sums_;
    if (numbers.size() <= few) return sum_few(numbers.data(), int(numbers.size()), type);
    for (std::size_t at = 0; at < numbers.size(); at += piece) {
      const std::size_t n = std::min(piece, numbers.size() - at);
      check(MPI_Allreduce(MPI_IN_PLACE, numbers.data() + at, int(n), type, MPI_SUM, ranks_));
    }
  }
  /// The long sums follow a short one in which all ranks met, so this is where a rank that has ended is missed: by the
  /// one behind it.
  void sum_few(void* numbers, int n, MPI_Datatype type) {
    MPI_Request request = MPI_REQUEST_NULL;
    check(MPI_Iallreduce(MPI_IN_PLACE, numbers, n, type, MPI_SUM, ranks_, &request));
    for (int turn = 1;; ++turn) {
      int done = 0;
      check(MPI_Test(&request, &done, MPI_STATUS_IGNORE));
      if (done != 0) return;
      if (turn % 64 == 0) check_previous();
      // Whoever waits for long leaves its processor to others.
      if (turn > 4096) std::this_thread::sleep_for(std::chrono::microseconds(50));
      if (turn > 64) std::this_thread::yield();
    }
  }
  void check_previous() {
    int ended = 0;
    if (previous_ended_ != MPI_REQUEST_NULL) check(MPI_Test(&previous_ended_, &ended, MPI_STATUS_IGNORE));
    if (ended != 0) heard_of_end_ = true;
    if (heard_of_end_ && sums_of_previous_ < sums_)
      throw_runtime("rank ", previous(), " has ended while others wait for it");
  }
  static void check(int status) {
    if (status == MPI_SUCCESS) return;
    char words[MPI_MAX_ERROR_STRING];
    int length = 0;
    MPI_Error_string(status, words, &length);
    throw_runtime("MPI: ", std::string(words, to_size(length)));
  }

  MPI_Comm ranks_ = MPI_COMM_NULL;
  MPI_Request previous_ended_ = MPI_REQUEST_NULL;
  int rank_ = 0, size_ = 1;
  long long sums_ = 0, sums_of_previous_ = 0;
  bool heard_of_end_ = false;
};

static_assert(Team<MpiTeam>);

}  // namespace latentcell
