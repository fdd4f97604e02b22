// Rate at which h5ad files become counts: million non-zeros a CPU-second of read_h5ad, of HDF5 alone, and of H5adRows
// in blocks of 256 cells in random order.
//   read [--cells 20000] [--genes 2000 20000] [--folder /tmp] [--n 3] [--data FILE.h5ad ...]
// Makes simulated files, plain and gzipped as anndata, write_h5ad and shard_cells pack them, unless files are given. A
// line of JSON a file: rates of the median and of the best round, and seconds of the child process that tries the file
// first, which the rates leave out.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include <latentcell/core/random_draw.hpp>
#include <latentcell/io/h5ad.hpp>
#include <latentcell/io/h5ad_rows.hpp>

#include "memory.hpp"

namespace lc = latentcell;
using lc::Index;

namespace {

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

double child_seconds() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  return double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         1e-6 * double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

// Counts drawn from genes whose means spread over decades, as real ones do: about 340 non-zeros a cell of 2,000 genes,
// 2,000 of 20,000.
lc::CellTable made_cells(Index cells, Index genes, lc::Rng& rng) {
  lc::CellTable table;
  std::vector<double> sums(lc::to_size(genes));
  double sum = 0;
  for (double& s : sums) s = sum += std::exp(1.9 * double(rng.normal()));
  table.counts = lc::Counts(genes);
  std::vector<int> row(sums.size());
  for (Index i = 0; i < cells; ++i) {
    const Index library = Index(double(genes) * 0.45 * std::exp(0.35 * double(rng.normal())));
    for (Index k = 0; k < library; ++k) {
      const auto at = std::lower_bound(sums.begin(), sums.end() - 1, double(rng.uniform()) * sum);
      ++row[std::size_t(at - sums.begin())];
    }
    for (std::size_t g = 0; g < row.size(); ++g) {
      if (row[g] > 0) table.counts.push(std::int32_t(g), float(row[g]));
      row[g] = 0;
    }
    table.counts.end_row();
    table.cell_names.push_back("cell_" + std::to_string(i));
  }
  for (Index g = 0; g < genes; ++g) table.gene_names.push_back("gene_" + std::to_string(g));
  table.cell_columns = lc::Annotation(cells);
  table.gene_columns = lc::Annotation(genes);
  return table;
}

struct Rates {
  double median = 0, best = 0;
};

// Million of n a second of processor time, over rounds after one that warms up.
Rates rates(Index n, int rounds, const std::function<void()>& job) {
  std::vector<double> seconds;
  for (int i = 0; i <= rounds; ++i) {
    const double start = cpu_seconds();
    job();
    if (i > 0) seconds.push_back(cpu_seconds() - start);
  }
  std::sort(seconds.begin(), seconds.end());
  const double millions = double(n) / 1e6;
  return {millions / seconds[seconds.size() / 2], millions / seconds.front()};
}

// The arrays of X in blocks, into memory that is there, unchecked.
void read_arrays(const std::string& path) {
  const lc::io::Hdf5Object matrix = lc::io::Hdf5Object::open_file(path).open("X");
  const lc::io::Hdf5Object values = matrix.open("data"), indices = matrix.open("indices");
  const Index step = std::max(lc::io::read_step(values, 1, 1 << 17), lc::io::read_step(indices, 1, 1 << 17));
  std::vector<float> to_values(lc::to_size(step));
  std::vector<std::int32_t> to_columns(lc::to_size(step));
  for (Index first = 0; first < values.length(); first += step) {
    const Index n = std::min(step, values.length() - first);
    lc::io::read_part(values, first, n, to_values.data());
    lc::io::read_part(indices, first, n, to_columns.data());
  }
}

// Every block of the cells once.
void read_blocks(lc::io::H5adRows& rows, Index size, lc::Rng& rng, lc::Counts& to) {
  std::vector<Index> starts;
  for (Index first = 0; first < rows.cells(); first += size) starts.push_back(first);
  lc::shuffle(std::span<Index>(starts), rng);
  for (const Index first : starts) rows.read(first, std::min(size, rows.cells() - first), to);
}

void time_file(const std::string& name, const std::string& path, int n) {
  const Index nonzeros = lc::io::Hdf5Object::open_file(path).open("X").open("data").length();
  const Rates alone = rates(nonzeros, n, [&] { read_arrays(path); });
  const double children = child_seconds();
  const Rates ours = rates(nonzeros, n, [&] { (void)lc::io::read_h5ad(path); });
  lc::io::H5adRows rows(path, {.try_first = false});
  lc::Rng rng(2);
  lc::Counts block;
  const Rates blocks = rates(nonzeros, n, [&] { read_blocks(rows, 256, rng, block); });
  const double child = (child_seconds() - children) / (n + 1);
  std::printf(
      "{\"file\": \"%s\", \"nonzeros\": %ld, \"bytes_a_nonzero\": %.2f, \"read_h5ad\": %.0f, \"best\": %.0f, "
      "\"hdf5\": %.0f, \"hdf5_best\": %.0f, \"blocks\": %.0f, \"child_s\": %.2f, \"rss_mb\": %.0f}\n",
      name.c_str(), long(nonzeros), double(std::filesystem::file_size(path)) / double(nonzeros), ours.median, ours.best,
      alone.median, alone.best, blocks.median, child, resident_mb());
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) try {
  Index cells = 20000;
  std::vector<Index> genes = {2000, 20000};
  std::string folder = std::filesystem::temp_directory_path();
  std::vector<std::string> files;
  int n = 3;
  CLI::App app("Times the reading of h5ad files.");
  app.add_option("--cells", cells)->capture_default_str();
  app.add_option("--genes", genes)->capture_default_str();
  app.add_option("--folder", folder, "where simulated files are made")->capture_default_str();
  app.add_option("--n", n, "rounds")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--data", files, "files to read instead of simulated ones");
  CLI11_PARSE(app, argc, argv);
  for (const std::string& file : files) time_file(file, file, n);
  for (const Index g : files.empty() ? genes : std::vector<Index>{}) {
    lc::Rng rng(1);
    const lc::CellTable table = made_cells(cells, g, rng);
    for (const auto& [kind, how] : {std::pair<std::string, lc::io::H5adWriteOptions>{"plain", {0, false}},
                                    {"gzip of anndata", {4, false}},
                                    {"gzip of write_h5ad", {}},
                                    {"shard", {1, true, true, 16384}}}) {
      const std::string path = folder + "/latentcell-read-" + std::to_string(::getpid()) + ".h5ad";
      lc::io::write_h5ad(path, table, how);
      time_file(std::to_string(g) + " genes, " + kind, path, n);
      std::filesystem::remove(path);
    }
  }
} catch (const std::exception& e) {
  std::fprintf(stderr, "read: %s\n", e.what());
  return 1;
}
