#pragma once

#include <arpa/inet.h>

#include <array>
#include <cstdlib>
#include <string>

#include "../options.hpp"

// The options of serve_cells.

namespace program {

struct ServeSettings : Common {
  std::string from, host = "127.0.0.1", token;
  int port = 8080, jobs = 0, threads_each = 1, queue = 64, connections = 256;
  double body = 256;  ///< MB
  double seconds = 60, drain = 30;
  Index cells = 10000;
};

/// Whether an address reaches this machine alone: a name that only begins as one does may lead anywhere.
inline bool is_loopback(const std::string& host) {
  std::array<unsigned char, 4> bytes{};
  if (::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1)
    return bytes[0] == 127 && host.find('\0') == std::string::npos;
  return host == "localhost" || host == "::1";
}

inline ServeSettings parse_serving(int argc, char** argv) {
  const About about{
      "serve_cells",
      "Answers requests over HTTP from a saved model: latents of cells, labels, generated cells.",
      {"serve_cells --from model --port 8080",
       "serve_cells --from model/mapped.safetensors --host 0.0.0.0 --token \"$(cat token)\""},
      {},
      "0 stopped by Ctrl-C, a request to terminate or a lost terminal, all requests answered, 1 failed or\n"
      "some not answered, 2 wrong options or input, 130 stopped twice. Documentation: docs/serve.md."};
  ServeSettings s;
  CLI::App app;
  begin_group(app, group::input);
  app.add_option("--from", s.from,
                 "saved model: a file, or a --checkpoint folder of generate_cells; mapped.safetensors of "
                 "transfer_labels labels cells")
      ->required();
  begin_group(app, group::serving);
  app.add_option("--host", s.host, "address to listen on; others than loopback need --token");
  app.add_option("--port", s.port, "0: a free one, which is printed")->check(CLI::Range(0, 65535));
  app.add_option("--token", s.token,
                 "that requests must bear, 16 letters or more; the environment's LATENTCELL_TOKEN where not given, "
                 "which other users of the machine do not see");
  app.add_option("--jobs", s.jobs, "requests that are computed at once; all cores where not given")
      ->check(CLI::Range(1, 1024))
      ->default_str("");
  app.add_option("--threads", s.threads_each, "that each of them takes")->check(CLI::Range(1, 1024));
  app.add_option("--queue", s.queue, "requests that wait for their turn; more are refused with 503")
      ->check(CLI::Range(1, 100000));
  app.add_option("--connections", s.connections, "open at once")->check(CLI::Range(1, 899));
  app.add_option("--body", s.body, "MB that a body may have; all bodies and answers at once may have four times that")
      ->check(CLI::Range(0.001, 1e5));
  app.add_option("--cells", s.cells, "that a request may have or ask for")->check(CLI::Range(1, 10000000));
  app.add_option("--seconds", s.seconds, "that a body may take to arrive, an answer to be computed, and to be sent")
      ->check(CLI::Range(0.1, 86400.0));
  app.add_option("--drain", s.drain, "seconds for requests under way after Ctrl-C or a request to terminate")
      ->check(CLI::Range(0.0, 86400.0));
  begin_group(app, group::run);
  app.add_option("--memory", s.memory,
                 "GB that the program may take; else what is set already (ulimit -d), the cgroup or the machine has")
      ->check(CLI::Range(0.0, 1e6))
      ->default_str("");
  app.add_flag("--quiet", s.quiet, "print no line for each request");
  parse(app, s, about, argc, argv);
  if (const char* const token = std::getenv("LATENTCELL_TOKEN"); s.token.empty() && token != nullptr) s.token = token;
  constexpr std::size_t shortest = 16;
  if (!s.token.empty() && s.token.size() < shortest)
    refuse(about, lc::text("--token: needs at least ", shortest, " letters, got ", s.token.size()));
  if (s.token.empty() && !is_loopback(s.host))
    refuse(about,
           "--host " + s.host + ": others can reach it, so requests must bear a token: --token or LATENTCELL_TOKEN");
  s.threads = s.threads_each;
  return s;
}

}  // namespace program
