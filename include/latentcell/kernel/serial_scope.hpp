#pragma once

#include <latentcell/core/threads.hpp>

namespace LATENTCELL_NAMESPACE::kernel {

/// Limits the calling thread to one thread for its lifetime: a job that runs beside others does not split its own work.
class SerialScope {
 public:
  SerialScope() : before_(threads()) { set_threads(1); }
  ~SerialScope() { set_threads(before_); }
  SerialScope(const SerialScope&) = delete;
  SerialScope& operator=(const SerialScope&) = delete;

 private:
  int before_;
};

}  // namespace latentcell::kernel
