// Makes the input of the test of shard_cells, and holds shards against it.
//   make_shards FOLDER                    writes a.h5ad, b.h5ad (other genes among the same, in another order),
//   large.h5ad,
//                                         foreign.h5ad (no shared gene), damaged.h5ad (its last value is no count)
//   make_shards FOLDER check SHARDS ...   whether the shards hold every cell of a.h5ad and b.h5ad once, as it was

#include <cstdio>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <latentcell/data/align_genes.hpp>
#include <latentcell/data/append_cells.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/io/h5ad.hpp>

using namespace latentcell;

namespace {

CellTable named(CellTable cells, const std::string& start) {
  for (std::string& name : cells.cell_names) name = start + name;
  return cells;
}

int check(const std::string& folder, const std::string& shards) {
  CellTable whole = io::read_h5ad(folder + "a.h5ad");
  const CellTable b = io::read_h5ad(folder + "b.h5ad");
  std::vector<std::string> genes;
  for (const std::string& gene : whole.gene_names) {
    if (std::count(b.gene_names.begin(), b.gene_names.end(), gene) > 0) genes.push_back(gene);
  }
  whole = align_genes(whole, genes).cells;
  append_cells(whole, align_genes(b, genes).cells);
  std::set<std::string> left(whole.cell_names.begin(), whole.cell_names.end());
  const Categorical types = whole.obs("cell_type");
  for (const auto& entry : std::filesystem::directory_iterator(shards)) {
    const CellTable shard = io::read_h5ad(entry.path().string());
    if (shard.gene_names != genes) return std::puts("other genes"), 1;
    const std::vector<double> rows = shard.cell_columns.numbers("source_row");
    const Categorical files = shard.obs("source_file"), own = shard.obs("cell_type");
    for (Index i = 0; i < shard.cells(); ++i) {
      if (left.erase(shard.cell_names[to_size(i)]) != 1) return std::puts("a cell twice"), 1;
      const bool in_b = files.levels[to_size(files.codes[to_size(i)])].ends_with("b.h5ad");
      const Index row = Index(rows[to_size(i)]) + (in_b ? whole.cells() - b.cells() : 0);
      const CountsView one = shard.counts.view().middle(i, 1), before = whole.counts.view().middle(row, 1);
      const auto equal = [](const auto& x, const auto& y) {
        return std::equal(x.begin(), x.end(), y.begin(), y.end());
      };
      if (shard.cell_names[to_size(i)] != whole.cell_names[to_size(row)] ||
          own.levels[to_size(own.codes[to_size(i)])] != types.levels[to_size(types.codes[to_size(row)])] ||
          !equal(one.row_columns(0), before.row_columns(0)) || !equal(one.row_values(0), before.row_values(0)))
        return std::puts("another cell"), 1;
    }
  }
  return left.empty() ? 0 : (std::puts("cells are missing"), 1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 1;
  const std::string folder = std::string(argv[1]) + "/";
  if (argc == 4) return check(folder, argv[3]);
  Rng rng(1);
  const CellTable a = named(simulate({.cells = 700, .genes = 200}, rng), "a_");
  CellTable b = named(simulate({.cells = 500, .genes = 200}, rng), "b_");
  io::write_h5ad(folder + "a.h5ad", a);
  std::vector<std::string> order(b.gene_names.rbegin(), b.gene_names.rend() - 20);
  b = align_genes(b, order).cells;
  io::write_h5ad(folder + "b.h5ad", b, {.compression = 0});
  CellTable foreign = b;
  for (std::string& name : foreign.gene_names) name += "_of_another_species";
  io::write_h5ad(folder + "foreign.h5ad", foreign);
  b.counts.values().back() = 0.5f;
  io::write_h5ad(folder + "damaged.h5ad", b);
  CellTable large = a;
  for (int k = 0; k < 100; ++k) append_cells(large, named(a, text(k)));
  io::write_h5ad(folder + "large.h5ad", large);
}
