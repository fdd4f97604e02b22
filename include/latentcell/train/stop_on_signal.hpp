#pragma once

#include <csignal>
#include <cstring>
#include <ctime>

#include <sys/time.h>
#include <unistd.h>

#include <latentcell/core/error.hpp>
#include <latentcell/train/hooks.hpp>

namespace LATENTCELL_NAMESPACE {

/// While it lives, an interrupt (Ctrl-C), a request to terminate or a lost terminal ends the run after the step under
/// way instead of the program; a second one of the same kind ends the program at once. Signals that were ignored stay
/// ignored, and the destructor brings the former handling back. One inside another adds nothing: the outer one is
/// heard. POSIX only.
///
///   StopOnSignal stop;
///   fit(model, cells, options, stop.hook(), checkpoint("run.safetensors"));   // before checkpoint: it saves on a stop
class StopOnSignal {
 public:
  /// How long what runs may still take after a signal, and what is said where it took longer.
  struct Deadline {
    double seconds = 0;        ///< 0: for ever
    int status = 130;          ///< that the program ends with
    const char* message = "";  ///< must outlive the object
  };

  StopOnSignal() : StopOnSignal(Deadline{}) {}
  /// The same for all that a program does: where it has not ended when the time is over, as reading a file does not,
  /// the program ends. Files that are written atomically are then as they were.
  explicit StopOnSignal(const Deadline& deadline) : inner_(alive()) {
    if (inner_) return;
    alive() = true;
    received() = 0;
    the_deadline() = deadline;
    for (Kept& k : kept_) {
      struct sigaction action {};
      action.sa_handler = receive;
      action.sa_flags = int(SA_RESTART | static_cast<int>(SA_RESETHAND));
      sigemptyset(&action.sa_mask);
      if (::sigaction(k.signal, nullptr, &k.before) != 0) throw_runtime("StopOnSignal: cannot read signal ", k.signal);
      k.changed = k.before.sa_handler != SIG_IGN && ::sigaction(k.signal, &action, nullptr) == 0;
    }
    if (deadline.seconds > 0) {
      struct sigaction action {};
      action.sa_handler = give_up;
      sigemptyset(&action.sa_mask);
      ::sigaction(SIGALRM, &action, &alarm_before_);
    }
  }
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;
  ~StopOnSignal() {
    if (inner_) return;
    const itimerval never{};
    if (the_deadline().seconds > 0)
      ::setitimer(ITIMER_REAL, &never, nullptr), ::sigaction(SIGALRM, &alarm_before_, nullptr);
    for (const Kept& k : kept_) {
      if (k.changed) ::sigaction(k.signal, &k.before, nullptr);
    }
    alive() = false;
  }

  /// The signal that came, 0 while none did.
  int signal() const { return received(); }

  /// A hook that ends the run when a signal came, between two minibatches.      hook(model, state)
  auto hook() const {
    return Hook{[](const auto&, auto& state) {
                  if (received() != 0) state.stop = true;
                },
                [](const auto&, auto&, const StepInfo&) {}, [] { return received() != 0; }};
  }

 private:
  struct Kept {
    int signal;
    bool changed = false;
    struct sigaction before {};
  };

  static void receive(int signal) {
    received() = signal;
    const double seconds = the_deadline().seconds;
    if (seconds <= 0) return;
    itimerval once{};
    once.it_value.tv_sec = time_t(seconds);
    once.it_value.tv_usec = suseconds_t((seconds - double(once.it_value.tv_sec)) * 1e6);
    ::setitimer(ITIMER_REAL, &once, nullptr);
  }
  static void give_up(int) {
    const char* message = the_deadline().message;
    (void)!::write(STDOUT_FILENO, message, std::strlen(message));
    ::_exit(the_deadline().status);
  }

  // A handler is given nothing but the number, so what it leaves behind cannot lie in an object.
  static volatile std::sig_atomic_t& received() {
    static volatile std::sig_atomic_t signal = 0;
    return signal;
  }
  static Deadline& the_deadline() {
    static Deadline deadline;
    return deadline;
  }
  static bool& alive() {
    static bool one = false;
    return one;
  }

  bool inner_;
  struct sigaction alarm_before_ {};
  Kept kept_[3] = {{SIGINT}, {SIGTERM}, {SIGHUP}};
};

}  // namespace latentcell
