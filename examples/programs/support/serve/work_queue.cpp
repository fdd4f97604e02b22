#include "work_queue.hpp"

#include <algorithm>
#include <utility>

#include <latentcell/core/threads.hpp>

namespace serve {

WorkQueue::WorkQueue(const Options& options) : options_(options) {
  for (int i = 0; i < options_.jobs; ++i) threads_.emplace_back([this] { work(); });
}

WorkQueue::~WorkQueue() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

WorkQueue::Outcome WorkQueue::run(Job job, Clock::time_point deadline, const std::function<bool()>& is_gone) {
  const auto entry = std::make_shared<Entry>();
  entry->job = std::move(job);
  std::unique_lock<std::mutex> lock(mutex_);
  if (entries_.size() >= options_.most_waiting) return Outcome::full;
  entries_.push_back(entry);
  arrived_.notify_one();
  bool gone = false;
  while (entry->state != State::done && !gone && Clock::now() < deadline) {
    finished_.wait_until(lock, std::min(deadline, after(0.2)));
    gone = entry->state != State::done && is_gone();
  }
  if (entry->state == State::done) return entry->failed ? Outcome::failed : Outcome::done;
  entry->cancelled.cancel();
  const bool was_waiting = entry->state == State::waiting;
  std::erase(entries_, entry);
  return gone ? Outcome::abandoned : was_waiting ? Outcome::late_in_queue : Outcome::late;
}

int WorkQueue::waiting() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return int(entries_.size());
}

void WorkQueue::work() {
  // Of this thread alone: the library's loops ask for as many threads as the one that starts them was given.
  latentcell::set_threads(options_.threads);
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    arrived_.wait(lock, [this] { return stopping_ || !entries_.empty(); });
    if (stopping_) return;
    const std::shared_ptr<Entry> entry = entries_.front();
    entries_.pop_front();
    entry->state = State::running;
    lock.unlock();
    bool failed = false;
    try {
      entry->job(entry->cancelled);
    } catch (const Cancelled::Thrown&) {
    } catch (...) {
      failed = true;  // as memory that is not there even for a sentence: the thread lives on
    }
    entry->job = {};  // gives back what it owns
    lock.lock();
    entry->failed = failed;
    entry->state = State::done;
    finished_.notify_all();
  }
}

}  // namespace serve
