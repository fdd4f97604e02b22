// check_generated GENERATED.h5ad ORIGINAL.h5ad LABEL COUNT: what must hold for generated cells even after short
// training.
// check_generated rename FROM.h5ad COLUMN NEW TO.h5ad: the same cells, an obs column under another name.
// check_generated level FROM.h5ad COLUMN LABEL NEW TO.h5ad: the same cells, a label under another name.
// check_generated all FILE.h5ad COLUMN LABEL: whether every cell has that label.
// check_generated same A.h5ad B.h5ad: whether two files hold the same cells, counts, labels and latents.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <set>
#include <string>
#include <vector>

#include <latentcell/io/h5ad.hpp>

namespace lc = latentcell;

namespace {

int failures = 0;

void expect(bool right, const std::string& what) {
  std::printf("%s  %s\n", right ? "right:" : "WRONG:", what.c_str());
  failures += right ? 0 : 1;
}

std::vector<double> gene_means(const lc::Counts& counts) {
  std::vector<double> mean(lc::to_size(counts.cols()));
  for (std::size_t k = 0; k < counts.values().size(); ++k)
    mean[std::size_t(counts.columns()[k])] += double(counts.values()[k]) / double(counts.rows());
  return mean;
}

double correlation_of_logs(const std::vector<double>& a, const std::vector<double>& b) {
  double sa = 0, sb = 0, aa = 0, bb = 0, ab = 0;
  for (std::size_t g = 0; g < a.size(); ++g) {
    const double x = std::log1p(a[g]), y = std::log1p(b[g]);
    sa += x, sb += y, aa += x * x, bb += y * y, ab += x * y;
  }
  const double n = double(a.size());
  return (ab - sa * sb / n) / std::sqrt((aa - sa * sa / n) * (bb - sb * sb / n));
}

double mean_library(const lc::Counts& counts) {
  double sum = 0;
  for (float value : counts.values()) sum += double(value);
  return sum / double(counts.rows());
}

void compare(const lc::CellTable& made, const lc::CellTable& real, const std::string& label, long count) {
  expect(made.cells() == count, lc::text(made.cells(), " cells, ", count, " were asked for"));
  expect(std::set<std::string>(made.cell_names.begin(), made.cell_names.end()).size() == made.cell_names.size(),
         "cell names are unique");
  expect(!made.embeddings.empty(), lc::text(made.embeddings.size(), " embeddings"));
  for (const auto& [name, matrix] : made.embeddings)
    expect(matrix.allFinite() && matrix.rows() == made.cells(), lc::text("embedding ", name, " is finite"));

  expect(made.gene_names == real.gene_names, lc::text("the same ", real.genes(), " genes"));
  if (made.gene_names != real.gene_names) return;
  const double ratio = mean_library(made.counts) / mean_library(real.counts);
  expect(ratio > 0.75 && ratio < 1.33, lc::text("mean library is ", ratio, " times the real one"));
  const double r = correlation_of_logs(gene_means(made.counts), gene_means(real.counts));
  expect(r > 0.95, lc::text("log gene means correlate with ", r));

  const lc::Categorical made_labels = made.obs(label), real_labels = real.obs(label);
  for (int level = 0; level < int(real_labels.levels.size()); ++level) {
    const std::string& name = real_labels.levels[std::size_t(level)];
    const double wanted = double(real_labels.count(level)) / double(real.cells());
    int code = -1;
    for (std::size_t i = 0; i < made_labels.levels.size(); ++i)
      if (made_labels.levels[i] == name) code = int(i);
    const double share = code < 0 ? 0 : double(made_labels.count(code)) / double(made.cells());
    expect(std::abs(share - wanted) < 0.01 && (share > 0 || wanted * double(count) < 1),
           lc::text(name, ": share ", share, ", real ", wanted));
  }
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string first = argc > 1 ? argv[1] : "";
  if (first == "rename" && argc == 6) {
    lc::CellTable cells = lc::io::read_h5ad(argv[2]);
    lc::Annotation obs(cells.cells());
    for (const auto& [name, column] : cells.cell_columns.columns()) obs.set(name == argv[3] ? argv[4] : name, column);
    cells.cell_columns = obs;
    lc::io::write_h5ad(argv[5], cells);
    return 0;
  }
  if (first == "level" && argc == 7) {
    lc::CellTable cells = lc::io::read_h5ad(argv[2]);
    lc::Categorical labels = cells.obs(argv[3]);
    for (std::string& level : labels.levels) level = level == argv[4] ? argv[5] : level;
    cells.cell_columns.set(argv[3], labels);
    lc::io::write_h5ad(argv[6], cells);
    return 0;
  }
  if (first == "all" && argc == 5) {
    const lc::CellTable cells = lc::io::read_h5ad(argv[2]);
    const lc::Categorical labels = cells.obs(argv[3]);
    const int code = labels.code_of(argv[4]);
    expect(code >= 0 && labels.count(code) == cells.cells(), lc::text("all cells are '", argv[4], "'"));
    return failures == 0 ? 0 : 1;
  }
  if (first == "same" && argc == 4) {
    const lc::CellTable a = lc::io::read_h5ad(argv[2]), b = lc::io::read_h5ad(argv[3]);
    expect(a.cell_names == b.cell_names && a.gene_names == b.gene_names, "names of cells and genes are the same");
    expect(std::equal(a.counts.values().begin(), a.counts.values().end(), b.counts.values().begin(),
                      b.counts.values().end()) &&
               std::equal(a.counts.columns().begin(), a.counts.columns().end(), b.counts.columns().begin(),
                          b.counts.columns().end()),
           "counts are the same");
    expect(a.obs("cell_type") == b.obs("cell_type"), "labels are the same");
    expect(a.embeddings == b.embeddings, "latents are the same");
    expect(a.stored == b.stored, "what is in uns is the same");
    return failures == 0 ? 0 : 1;
  }
  if (argc != 5) {
    std::printf("usage: check_generated GENERATED.h5ad ORIGINAL.h5ad LABEL COUNT\n");
    return 2;
  }
  compare(lc::io::read_h5ad(argv[1]), lc::io::read_h5ad(argv[2]), argv[3], std::stol(argv[4]));
  return failures == 0 ? 0 : 1;
} catch (const std::exception& trouble) {
  std::printf("WRONG:  %s\n", trouble.what());
  return 1;
}
