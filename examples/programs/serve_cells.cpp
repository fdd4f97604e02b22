// Serves a saved model over HTTP: encodes, labels and generates cells, shows what the model is, and counts what it
// does.

#include <algorithm>
#include <csignal>
#include <thread>

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <unistd.h>

#include "support/serve/serve_options.hpp"
#include "support/serve/service.hpp"
#include "support/stages.hpp"

namespace lc = latentcell;
using program::print_verdict;
using Settings = program::ServeSettings;

namespace {

// What is large goes back to the system when it is freed: else every thread keeps its largest request for ever.
void keep_memory_flat() {
#ifdef __GLIBC__
  ::mallopt(M_MMAP_THRESHOLD, 1 << 18);
#endif
}

// Signals that end the program, less those that the program that started it has ignored, as nohup does.
sigset_t ending_signals() {
  sigset_t out;
  sigemptyset(&out);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction now {};
    if (::sigaction(signal, nullptr, &now) == 0 && now.sa_handler != SIG_IGN) sigaddset(&out, signal);
  }
  return out;
}

serve::ServiceOptions service_options(const Settings& s) {
  return {.token = s.token,
          .is_local = program::is_loopback(s.host),
          .most_body_bytes = std::size_t(s.body * 1e6),
          .most_cells = s.cells,
          .seconds = s.seconds,
          .quiet = s.quiet};
}

int run(const Settings& s) {
  program::begin(s, {s.from});
  keep_memory_flat();
  const std::string file = program::model_file(s.from);
  program::doing("loading " + file);
  const serve::ServedModel model(file);
  // All threads from here on leave these signals to this one. A second one ends the program.
  const sigset_t ending = ending_signals();
  ::pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  const int jobs = s.jobs > 0 ? s.jobs : int(std::max(1u, std::thread::hardware_concurrency()));
  serve::Service service(model, service_options(s), {jobs, s.threads_each, std::size_t(s.queue)});
  serve::HttpServer server(service.callbacks(), {.connections = std::size_t(s.connections),
                                                 .head_seconds = std::min(10.0, s.seconds),
                                                 .body_seconds = s.seconds});
  service.count_in_flight([&] { return server.in_flight(); });
  const int port = server.bind(s.host, s.port);
  program::training_begins();
  server.start();
  program::doing("");
  const std::string host = s.host.find(':') == std::string::npos ? s.host : "[" + s.host + "]";
  print_verdict(lc::text("serves a ", model.kind(), " model of ", model.genes().size(), " genes and ",
                         model.levels().size(), " labels at http://", host, ":", port, "/"));
  int signal = 0;
  sigwait(&ending, &signal);
  print_verdict("stopping: no new requests are taken");
  std::thread second([&] {
    sigwait(&ending, &signal);
    ::_exit(program::interrupted);
  });
  second.detach();
  if (const int left = server.drain(s.drain); left > 0) {
    print_verdict(lc::text("stopped: ", left, " requests were not answered within ", s.drain, " s"));
    ::_exit(program::failed);
  }
  print_verdict("stopped: all requests were answered");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return program::guarded("serve_cells", [&] { return run(program::parse_serving(argc, argv)); });
}
