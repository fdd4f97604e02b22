#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <latentcell/data/cell_table.hpp>

namespace data_tests {

inline std::uint64_t mixed(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

/// Counts made by whole-number arithmetic, the same in tests/reference/data.py: gene means over three decades, five
/// cell types with markers, three levels of a batch covariate that shift some genes, unequal library sizes.
inline latentcell::Counts made_counts(int cells, int genes) {
  latentcell::Counts out(genes);
  for (std::uint64_t b = 0; b < std::uint64_t(cells); ++b) {
    for (std::uint64_t g = 0; g < std::uint64_t(genes); ++g) {
      const std::uint64_t gene = mixed(g + 1), noise = mixed((b + 1) * 1000003 + g);
      std::uint64_t scale = ((gene % 16 + 16) << (gene / 16 % 9)) * (8 + b % 9);
      if (g % 7 == 0 && b % 5 == g % 5) scale *= 6;
      if (g % 11 == 0 && b % 3 == g % 3) scale *= 3;
      const std::uint64_t count = (scale * ((noise % 65536) * (noise / 65536 % 65536) / 65536)) >> 24;
      if (count > 0) out.push(std::int32_t(g), float(count));
    }
    out.end_row();
  }
  return out;
}

/// A small table around given counts, with a column of labels, numbers and strings each.
inline latentcell::CellTable made_table(latentcell::Counts counts) {
  using namespace latentcell;
  CellTable out;
  out.counts = std::move(counts);
  out.cell_columns = Annotation(out.cells());
  out.gene_columns = Annotation(out.genes());
  Categorical type{{"odd", "even"}, {}};
  std::vector<double> number;
  for (Index b = 0; b < out.cells(); ++b) {
    out.cell_names.push_back(text("cell_", b));
    type.codes.push_back(b % 2 == 0 ? 1 : 0);
    number.push_back(double(b));
  }
  std::vector<std::string> symbol;
  for (Index g = 0; g < out.genes(); ++g) {
    out.gene_names.push_back(text("gene_", g));
    symbol.push_back(text("symbol_", g));
  }
  Matrix<float> places(out.cells(), 2);
  for (Index b = 0; b < out.cells(); ++b) places.row(b).setConstant(float(b));
  out.cell_columns.set("type", std::move(type));
  out.cell_columns.set("number", std::move(number));
  out.gene_columns.set("symbol", std::move(symbol));
  out.embeddings.emplace("places", std::move(places));
  return out;
}

}  // namespace data_tests
