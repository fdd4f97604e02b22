// Time from a request to its whole answer, of serve_cells that encodes made cells, beside a bare loop over encode().
//   serve --serve build/examples/serve_cells [--cells 1000] [--genes 20000] [--nonzeros 0.05] [--requests 40]
// Client and server share one core. Prints one line of JSON: medians and 90th percentiles in ms, by the kind of body.

#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <latentcell/generation/io.hpp>
#include <latentcell/generation/options_for.hpp>
#include <latentcell/io/h5ad_write.hpp>
#include <latentcell/latent/encode.hpp>

namespace lc = latentcell;
using lc::Index;

namespace {

/// serve_cells as a child process; ended with the object.
class Server {
 public:
  Server(const std::string& program, const std::string& model) {
    int ends[2];
    if (::pipe(ends) != 0) lc::throw_runtime("no pipe");
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      ::execl(program.c_str(), program.c_str(), "--from", model.c_str(), "--port", "0", "--quiet", "--jobs", "1",
              static_cast<char*>(nullptr));
      ::_exit(127);
    }
    ::close(ends[1]);
    std::string said;
    char c = 0;
    while (::read(ends[0], &c, 1) == 1 && c != '\n') said += c;
    const std::size_t colon = said.rfind(':');
    if (said.find("serves") != 0 || colon == std::string::npos) lc::throw_runtime(program, " does not start: ", said);
    port_ = std::atoi(said.c_str() + colon + 1);
    output_ = ends[0];
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() {
    ::kill(child_, SIGTERM);
    ::waitpid(child_, nullptr, 0);
    ::close(output_);
  }
  int port() const { return port_; }

 private:
  ::pid_t child_ = -1;
  int port_ = 0, output_ = -1;
};

class Client {
 public:
  explicit Client(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(std::uint16_t(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) lc::throw_runtime("no connection");
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { ::close(socket_); }

  /// Sends a request and reads the whole answer; -> its size.
  std::size_t encode(const std::string& body, const char* type) {
    const std::string head = lc::text("POST /encode HTTP/1.1\r\nHost: localhost\r\nContent-Type: ", type,
                                      "\r\nContent-Length: ", body.size(), "\r\n\r\n");
    for (const std::string* part : {&head, &body}) {
      for (std::size_t sent = 0; sent < part->size();) {
        const ssize_t n = ::send(socket_, part->data() + sent, part->size() - sent, MSG_NOSIGNAL);
        if (n <= 0) lc::throw_runtime("the server hung up");
        sent += std::size_t(n);
      }
    }
    answer_.clear();
    std::size_t all = std::string::npos;
    while (answer_.size() < all) {
      char piece[65536];
      const ssize_t n = ::recv(socket_, piece, sizeof piece, 0);
      if (n <= 0) lc::throw_runtime("the server hung up");
      answer_.append(piece, std::size_t(n));
      const std::size_t end = answer_.find("\r\n\r\n"), at = answer_.find("Content-Length: ");
      if (all == std::string::npos && end != std::string::npos && at != std::string::npos)
        all = end + 4 + std::strtoull(answer_.c_str() + at + 16, nullptr, 10);
    }
    if (answer_.find("HTTP/1.1 200") != 0) lc::throw_runtime("the server answers ", answer_.substr(0, 500));
    return all;
  }

 private:
  int socket_;
  std::string answer_;
};

template <class Values>
std::string list_of(const Values& values) {
  std::string out = "[";
  for (const auto value : values) out += std::to_string(std::int64_t(value)) + ",";
  out.back() = ']';
  return out;
}

std::string json_of(const lc::CellTable& table, const std::string& names) {
  return lc::text("{", names, "\"counts\":{\"indptr\":", list_of(table.counts.row_start()),
                  ",\"indices\":", list_of(table.counts.columns()), ",\"data\":", list_of(table.counts.values()), "}}");
}

std::string genes_of(const lc::CellTable& table) {
  std::string out = "\"genes\":[";
  for (const std::string& name : table.gene_names) out += "\"" + name + "\",";
  out.back() = ']';
  return out + ",";
}

struct Times {
  double median, slow;
};

template <class Round>
Times times_of(int rounds, const Round& round) {
  std::vector<double> ms;
  round();
  for (int i = 0; i < rounds; ++i) {
    const auto start = std::chrono::steady_clock::now();
    round();
    ms.push_back(1e3 * std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(ms.begin(), ms.end());
  return {ms[ms.size() / 2], ms[ms.size() * 9 / 10]};
}

lc::CellTable made_cells(Index cells, Index genes, double nonzeros, lc::Rng& rng) {
  lc::CellTable out;
  out.counts = lc::Counts(genes);
  for (Index b = 0; b < cells; ++b) {
    for (Index g = 0; g < genes; ++g) {
      if (rng.uniform() < float(nonzeros)) out.counts.push(std::int32_t(g), float(1 + rng() % 5));
    }
    out.counts.end_row();
    out.cell_names.push_back(lc::text("cell_", b));
  }
  for (Index g = 0; g < genes; ++g) out.gene_names.push_back(lc::text("ENSG", 10000000000 + g));
  std::vector<int> codes(lc::to_size(cells));
  for (Index b = 0; b < cells; ++b) codes[lc::to_size(b)] = int(b % 2);
  out.cell_columns = lc::labelled("cell_type", {{"a", "b"}, codes});
  out.gene_columns = lc::Annotation(genes);
  return out;
}

}  // namespace

int main(int argc, char** argv) try {
  std::string serve;
  Index cells = 1000, genes = 20000;
  double nonzeros = 0.05;
  int requests = 40;
  CLI::App app("Times requests to serve_cells.");
  app.add_option("--serve", serve, "the program")->required();
  app.add_option("--cells", cells)->capture_default_str();
  app.add_option("--genes", genes)->capture_default_str();
  app.add_option("--nonzeros", nonzeros, "share of the counts that are not 0")->capture_default_str();
  app.add_option("--requests", requests)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(std::size_t(::sched_getcpu()), &one);
  ::sched_setaffinity(0, sizeof one, &one);
  lc::set_threads(1);

  lc::Rng rng(1);
  const lc::CellTable table = made_cells(cells, genes, nonzeros, rng);
  lc::generation::Model model(lc::generation::options_for(table), rng);
  model.vae.gene_names = table.gene_names;
  model.record_composition(table.obs("cell_type").codes);
  const std::string folder = std::filesystem::temp_directory_path() / lc::text("serve-", ::getpid());
  std::filesystem::create_directory(folder);
  lc::generation::save(folder + "/model.safetensors", model);
  lc::io::write_h5ad(folder + "/cells.h5ad", table);
  std::ifstream in(folder + "/cells.h5ad", std::ios::binary);
  const std::string file{std::istreambuf_iterator<char>(in), {}}, named = json_of(table, genes_of(table));

  float sum = 0;
  const Times bare = times_of(requests, [&] { sum += lc::encode(model.vae, table).mean.sum(); });
  const Server server(serve, folder + "/model.safetensors");
  Client client(server.port());
  const Times json = times_of(requests, [&] { client.encode(named, "application/json"); });
  const Times h5ad = times_of(requests, [&] { client.encode(file, "application/x-hdf5"); });
  std::filesystem::remove_all(folder);
  std::printf(
      "{\"cells\": %ld, \"genes\": %ld, \"nonzeros\": %ld, \"encode_ms\": %.1f, \"json_ms\": %.1f, \"json_p90_ms\": "
      "%.1f, \"json_mb\": %.1f, \"h5ad_ms\": %.1f, \"h5ad_p90_ms\": %.1f, \"h5ad_mb\": %.1f, \"sum\": %g}\n",
      long(cells), long(genes), long(table.counts.nonzeros()), bare.median, json.median, json.slow,
      double(named.size()) / 1e6, h5ad.median, h5ad.slow, double(file.size()) / 1e6, double(sum));
} catch (const std::exception& e) {
  std::fprintf(stderr, "serve: %s\n", e.what());
  return 1;
}
