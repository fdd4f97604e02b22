#pragma once

#include <csignal>

#include <latentcell/core/error.hpp>

namespace LATENTCELL_NAMESPACE {

/// While it lives, an interrupt (Ctrl-C) or a request to terminate ends the run after the epoch under way instead of
/// the program; a second one of the same kind ends the program at once. Signals that were ignored stay ignored, and
/// the destructor brings the former handling back. One at a time in a program. POSIX only.
///
///   StopOnSignal stop;
///   fit(model, cells, options, stop.hook(), checkpoint("run.safetensors"));   // before checkpoint: it saves on a stop
class StopOnSignal {
 public:
  StopOnSignal() {
    received() = 0;
    for (Kept& k : kept_) {
      struct sigaction action {};
      action.sa_handler = [](int signal) { received() = signal; };
      action.sa_flags = int(SA_RESTART | static_cast<int>(SA_RESETHAND));
      sigemptyset(&action.sa_mask);
      if (::sigaction(k.signal, nullptr, &k.before) != 0) throw_runtime("StopOnSignal: cannot read signal ", k.signal);
      k.changed = k.before.sa_handler != SIG_IGN && ::sigaction(k.signal, &action, nullptr) == 0;
    }
  }
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;
  ~StopOnSignal() {
    for (const Kept& k : kept_) {
      if (k.changed) ::sigaction(k.signal, &k.before, nullptr);
    }
  }

  /// The signal that came, 0 while none did.
  int signal() const { return received(); }

  /// A hook that ends the run when a signal came.      hook(model, state)
  auto hook() const {
    return [](const auto&, auto& state) {
      if (received() != 0) state.stop = true;
    };
  }

 private:
  struct Kept {
    int signal;
    bool changed = false;
    struct sigaction before {};
  };

  // A handler is given nothing but the number, so what it leaves behind cannot lie in an object.
  static volatile std::sig_atomic_t& received() {
    static volatile std::sig_atomic_t signal = 0;
    return signal;
  }

  Kept kept_[2] = {{SIGINT}, {SIGTERM}};
};

}  // namespace latentcell
