#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "../options.hpp"
#include "http_server.hpp"
#include "metrics.hpp"
#include "served_model.hpp"
#include "work_queue.hpp"

// The paths, what each takes and gives, and what is refused.

namespace serve {

struct ServiceOptions {
  std::string token;     ///< empty: none is asked for
  bool is_local = true;  ///< listens on loopback: only requests to this machine's own names are answered
  std::size_t most_body_bytes = std::size_t{256} << 20;
  Index most_cells = 10000;
  double seconds = 60;  ///< for an answer to be computed
  bool quiet = false;
};

/// Bytes of bodies and answers that are in memory at once, up to a limit.
class ByteBudget {
 public:
  explicit ByteBudget(std::size_t most) : most_(most) {}

  /// A part of the budget, given back with the object: that of an answer goes with it until it was sent.
  class Share {
   public:
    explicit Share(ByteBudget& of) : of_(&of) {}
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    ~Share() { give_back(); }
    void give_back() {
      of_->used_ -= bytes_;
      bytes_ = 0;
    }
    /// False where the budget does not have so many more.
    bool take(std::size_t bytes) {
      if (of_->used_.fetch_add(bytes) + bytes > of_->most_) {
        of_->used_ -= bytes;
        return false;
      }
      bytes_ += bytes;
      return true;
    }

   private:
    ByteBudget* of_;
    std::size_t bytes_ = 0;
  };

 private:
  std::size_t most_;
  std::atomic<std::size_t> used_{0};
};

class Service {
 public:
  Service(const ServedModel& model, const ServiceOptions& options, const WorkQueue::Options& work);

  /// What an HttpServer calls. The service must outlive it.
  Callbacks callbacks();
  /// Tells how many requests are under way, for the metrics.
  void count_in_flight(std::function<int()> in_flight) { in_flight_ = std::move(in_flight); }

 private:
  struct Question;

  std::optional<Reply> without_body(const httplib::Request& request);
  std::optional<Reply> refused(const httplib::Request& request) const;
  std::optional<Reply> refused_body(const httplib::Request& request) const;
  Reply with_body(const httplib::Request& request, const ReadBody& read, const std::function<bool()>& is_gone);
  Reply computed(std::shared_ptr<Question> question, const std::function<bool()>& is_gone);
  Reply answer(Question& question, const Cancelled& cancelled);
  Reply answer_encode(Question& question, const Cancelled& cancelled);
  Reply answer_transfer(Question& question, const Cancelled& cancelled);
  Reply answer_generate(Question& question, const Cancelled& cancelled);
  lc::CellTable cells_of(Question& question) const;
  Reply model_page() const;
  Reply map_page() const;
  void answered(const std::string& path, int status, double seconds);

  const ServedModel& model_;
  ServiceOptions options_;
  ByteBudget budget_;
  Metrics metrics_;
  WorkQueue work_;
  std::function<int()> in_flight_ = [] { return 0; };
};

}  // namespace serve
