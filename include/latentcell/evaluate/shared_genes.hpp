#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <latentcell/core/random_draw.hpp>
#include <latentcell/data/align_genes.hpp>
#include <latentcell/data/filter.hpp>

namespace latentcell {

/// A table and what to call its cells in messages.
struct NamedCells {
  const char* name = "";
  const CellTable* cells = nullptr;
};

/// Genes of the first table that all others have too and that the first two have counts of in `min_cells` cells or
/// more, both together, in the order of the first table. What was left out is added to `notes`. Throws
/// std::invalid_argument naming the table that shares no gene with the first.
inline std::vector<std::string> shared_genes(std::span<const NamedCells> tables, Index min_cells,
                                             std::vector<std::string>& notes) {
  const CellTable& first = *tables.front().cells;
  std::vector<Index> detected = gene_totals(first.counts).detected;
  std::vector<Index> found(to_size(first.genes()), 0);
  std::unordered_map<std::string_view, std::size_t> place;
  for (std::size_t g = 0; g < first.gene_names.size(); ++g) place.emplace(first.gene_names[g], g);
  for (std::size_t t = 1; t < tables.size(); ++t) {
    const CellTable& other = *tables[t].cells;
    const std::vector<Index> more = t == 1 ? gene_totals(other.counts).detected : std::vector<Index>();
    Index shared = 0;
    for (std::size_t g = 0; g < other.gene_names.size(); ++g) {
      const auto at = place.find(other.gene_names[g]);
      if (at == place.end()) continue;
      ++shared;
      ++found[at->second];
      if (t == 1) detected[at->second] += more[g];
    }
    LATENTCELL_REQUIRE(shared > 0, "judge: none of the ", other.genes(), " genes of the ", tables[t].name, " cells (",
                       other.genes() > 0 ? other.gene_names.front() : "none", ", ...) is among the ", first.genes(),
                       " of the ", tables.front().name, " cells (",
                       first.genes() > 0 ? first.gene_names.front() : "none", ", ...)");
    if (shared < first.genes()) {
      notes.push_back(text(first.genes() - shared, " of ", first.genes(), " genes are missing from the ",
                           tables[t].name, " cells: not judged"));
    }
    if (shared < other.genes()) {
      notes.push_back(text(other.genes() - shared, " of ", other.genes(), " genes of the ", tables[t].name,
                           " cells are not among those of the ", tables.front().name, " cells: not judged"));
    }
  }
  std::vector<std::string> out;
  Index rare = 0;
  for (std::size_t g = 0; g < found.size(); ++g) {
    if (found[g] + 1 < Index(tables.size())) continue;
    if (detected[g] >= min_cells) {
      out.push_back(first.gene_names[g]);
    } else {
      ++rare;
    }
  }
  if (rare > 0) notes.push_back(text(rare, " genes are seen in fewer than ", min_cells, " cells: not judged"));
  LATENTCELL_REQUIRE(out.size() >= 3, "judge: needs at least 3 genes that all cells share and that ", min_cells,
                     " real cells or more have counts of, got ", out.size());
  return out;
}

/// Counts of some cells in the given genes.      rows (n), genes (G) -> (n, G)
inline Counts pick_counts(const CellTable& cells, std::span<const Index> rows, std::span<const std::string> genes) {
  CellTable part;
  part.counts = select_rows(cells.counts, rows);
  part.gene_names = cells.gene_names;
  part.cell_columns = Annotation(Index(rows.size()));
  return std::move(align_genes(part, genes).cells.counts);
}

/// Two halves of real cells, of the same label mix up to one cell a label, which the second has more.
struct Halves {
  std::vector<Index> first, second;  ///< rows
};

/// Cuts the cells of each code in two at random; cells with a negative code are in neither half.
inline Halves stratified_halves(std::span<const int> codes, Rng& rng) {
  const int highest = codes.empty() ? -1 : *std::max_element(codes.begin(), codes.end());
  std::vector<std::vector<Index>> rows(to_size(highest + 1));
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] >= 0) rows[std::size_t(codes[i])].push_back(Index(i));
  }
  Halves out;
  for (std::vector<Index>& own : rows) {
    shuffle(std::span<Index>(own), rng);
    const auto middle = own.begin() + std::ptrdiff_t(own.size() / 2);
    out.first.insert(out.first.end(), own.begin(), middle);
    out.second.insert(out.second.end(), middle, own.end());
  }
  return out;
}

/// Cells at random, one for each wanted code.
struct MatchedRows {
  std::vector<Index> rows;  ///< (n) row i has the code wanted[i]
  Index repeated = 0;       ///< of these, rows that had to be taken again because a code has too few
};

/// Draws a row of each wanted code, none again before all others of its code.
/// codes (N), wanted (n), codes that rows have -> (n)
inline MatchedRows match_codes(std::span<const int> codes, std::span<const int> wanted, Rng& rng) {
  std::vector<std::vector<Index>> pool;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] < 0) continue;
    if (std::size_t(codes[i]) >= pool.size()) pool.resize(std::size_t(codes[i]) + 1);
    pool[std::size_t(codes[i])].push_back(Index(i));
  }
  for (std::vector<Index>& own : pool) shuffle(std::span<Index>(own), rng);
  std::vector<std::size_t> given(pool.size(), 0);
  MatchedRows out;
  for (const int code : wanted) {
    LATENTCELL_REQUIRE(code >= 0 && std::size_t(code) < pool.size() && !pool[std::size_t(code)].empty(),
                       "match_codes: no row has code ", code);
    std::vector<Index>& own = pool[std::size_t(code)];
    const std::size_t at = given[std::size_t(code)]++ % own.size();
    if (given[std::size_t(code)] > own.size()) {
      ++out.repeated;
      if (at == 0) shuffle(std::span<Index>(own), rng);
    }
    out.rows.push_back(own[at]);
  }
  return out;
}

}  // namespace latentcell
