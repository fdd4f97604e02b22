#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "clock.hpp"

// Computing beside connections: a few threads work on requests, the others wait their turn, for a while.

namespace serve {

/// Told by whoever waits for a job that nobody does any more.
class Cancelled {
 public:
  struct Thrown {};

  void cancel() { cancelled_ = true; }
  /// Throws Thrown where the job was given up: long jobs call it now and then.
  void check() const {
    if (cancelled_) throw Thrown();
  }

 private:
  std::atomic<bool> cancelled_{false};
};

class WorkQueue {
 public:
  using Job = std::function<void(const Cancelled&)>;
  enum class Outcome { done, failed, full, late_in_queue, late, abandoned };

  struct Options {
    int jobs = 1;     ///< worked on at once
    int threads = 1;  ///< that each takes in the library's loops
    std::size_t most_waiting = 64;
  };

  explicit WorkQueue(const Options& options);
  /// Waits for the jobs under way.
  ~WorkQueue();

  /// Runs a job and waits for it until a deadline, or until is_gone() says that nobody wants its outcome. A job that
  /// is given up may still run for a while: it must own all that it uses. One that throws
  /// anything but Cancelled::Thrown has failed.
  Outcome run(Job job, Clock::time_point deadline, const std::function<bool()>& is_gone);

  int waiting() const;

 private:
  enum class State { waiting, running, done };
  struct Entry {
    Job job;
    State state = State::waiting;
    bool failed = false;
    Cancelled cancelled;
  };

  void work();

  Options options_;
  mutable std::mutex mutex_;
  std::condition_variable arrived_, finished_;
  std::deque<std::shared_ptr<Entry>> entries_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace serve
