#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/data/cell_table.hpp>
#include <latentcell/io/sort_rows.hpp>
#include <latentcell/io/unique_names.hpp>
#include <latentcell/io/utf8.hpp>
#include <latentcell/io/value_check.hpp>

namespace LATENTCELL_NAMESPACE::io {

struct TenxOptions {
  std::string genome = "";  ///< "" takes the only genome, or all of one matrix; a name takes that one
  std::string feature_type = "Gene Expression";  ///< features of this type are kept; "" keeps all
  Values values = Values::counts;                ///< what the matrix may hold
  bool try_first = true;                         ///< HDF5: a child process opens the file first (io/try_hdf5.hpp)

  static void visit(auto& self, auto&& f) {
    f("genome", self.genome);
    f("feature_type", self.feature_type);
    f("values", self.values);
    f("try_first", self.try_first);
  }
};

/// The features of a 10x matrix, by position; lists are empty where the file does not have them.
struct TenxFeatures {
  std::vector<std::string> ids, symbols, types, genomes;
};

/// The obsm entry of proteins that were counted with the genes.
inline constexpr const char* protein_entry = "protein_expression";

namespace detail {

/// Puts counts of proteins into obsm, with their names and a note.   counts (cells, proteins)
inline void put_proteins(CellTable& to, const CountsView& counts, const std::vector<std::string>& names,
                         const std::string& where) {
  Matrix<float> out = Matrix<float>::Zero(counts.rows, counts.cols);
  for (Index i = 0; i < counts.rows; ++i) {
    const auto columns = counts.row_columns(i);
    for (std::size_t k = 0; k < columns.size(); ++k) out(i, columns[k]) += counts.row_values(i)[k];
  }
  to.embeddings[protein_entry] = std::move(out);
  to.strings[std::string(protein_entry) + "_columns"] = names;
  to.notes.push_back(
      text(where, ": ", names.size(), " features of Antibody Capture are the obsm entry '", protein_entry, "'"));
}

/// The proteins of a 10x matrix, with names that are unique: symbols, else ids.
inline void take_proteins(CellTable& to, const TenxFeatures& features, const RawRows& raw, const std::string& where) {
  std::vector<std::int32_t> place(features.ids.size(), -1);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < place.size(); ++i) {
    if (features.types[i] != "Antibody Capture") continue;
    place[i] = std::int32_t(names.size());
    names.push_back(features.symbols.empty() ? features.ids[i] : features.symbols[i]);
  }
  if (names.empty()) return;
  make_unique(names);
  Counts counts{Index(names.size())};
  std::vector<float> row(names.size());
  for (std::size_t r = 0; r + 1 < raw.row_start.size(); ++r) {
    std::fill(row.begin(), row.end(), 0.0f);
    for (std::size_t k = std::size_t(raw.row_start[r]); k < std::size_t(raw.row_start[r + 1]); ++k) {
      const std::int32_t at = place[std::size_t(raw.columns[k])];
      if (at >= 0) row[std::size_t(at)] += raw.values[k];
    }
    for (std::size_t p = 0; p < row.size(); ++p) {
      if (row[p] != 0) counts.push(std::int32_t(p), row[p]);
    }
    counts.end_row();
  }
  put_proteins(to, counts.view(), names, where);
}

/// "Antibody Capture 17, Peaks 100": how often each name appears.
inline std::string tally(const std::vector<std::string>& names) {
  std::map<std::string, Index> count;
  for (const std::string& name : names) ++count[name];
  std::string out;
  for (const auto& [name, n] : count) out += text(out.empty() ? "" : ", ", name.empty() ? "(none)" : name, " ", n);
  return out.empty() ? "none" : out;
}

/// Keeps the entries that place sends to a column 0 or above, renumbered, in place.
inline void keep_columns(RawRows& raw, const std::vector<std::int32_t>& place) {
  std::size_t to = 0, first = 0;
  for (std::size_t r = 0; r + 1 < raw.row_start.size(); ++r) {
    const std::size_t last = std::size_t(raw.row_start[r + 1]);
    for (std::size_t k = first; k < last; ++k) {
      const std::int32_t column = place[std::size_t(raw.columns[k])];
      if (column < 0) continue;
      raw.columns[to] = column;
      raw.values[to++] = raw.values[k];
    }
    first = last;
    raw.row_start[r + 1] = std::int64_t(to);
  }
  raw.columns.resize(to);
  raw.values.resize(to);
}

}  // namespace detail

/// Makes a table of a 10x matrix (cells, features): the id is the name of a gene; symbol, type and
/// genome become the var columns gene_symbol, feature_type and genome. Features of other types or genomes are left out,
/// with a line in notes, and proteins become an obsm entry; ids and barcodes that repeat get -1, -2. Throws
/// std::runtime_error where nothing is left.
inline CellTable make_tenx_table(const std::string& where, std::vector<std::string> barcodes, TenxFeatures features,
                                 RawRows raw, const TenxOptions& options) {
  CellTable table;
  const std::size_t all = features.ids.size();
  std::vector<std::int32_t> place(all, -1);
  std::vector<std::string> dropped;
  std::int32_t kept = 0;
  for (std::size_t i = 0; i < all; ++i) {
    const bool type =
        features.types.empty() || options.feature_type.empty() || features.types[i] == options.feature_type;
    const bool genome = features.genomes.empty() || options.genome.empty() || features.genomes[i] == options.genome;
    if (type && genome) {
      place[i] = kept++;
    } else {
      dropped.push_back(type ? features.genomes[i] : features.types[i]);
    }
  }
  if (kept == 0) {
    throw_runtime(where, ": has no features of type '", options.feature_type, "'",
                  options.genome.empty() ? "" : " and genome '" + options.genome + "'",
                  "; types are: ", detail::tally(features.types), "; genomes are: ", detail::tally(features.genomes));
  }
  if (options.feature_type == "Gene Expression" && !features.types.empty())
    detail::take_proteins(table, features, raw, where);
  if (table.embeddings.count(protein_entry) > 0) std::erase(dropped, "Antibody Capture");
  if (kept < std::int32_t(all)) {
    if (!dropped.empty())
      table.notes.push_back(text(where, ": ", dropped.size(), dropped.size() == 1 ? " feature was" : " features were",
                                 " left out (", detail::tally(dropped), ")"));
    detail::keep_columns(raw, place);
    for (auto* list : {&features.ids, &features.symbols, &features.types, &features.genomes}) {
      if (list->empty()) continue;
      for (std::size_t i = 0; i < all; ++i) {
        if (place[i] >= 0 && std::size_t(place[i]) != i) (*list)[std::size_t(place[i])] = std::move((*list)[i]);
      }
      list->resize(std::size_t(kept));
    }
  }
  make_unique(barcodes, text(where, ": barcodes"), table.notes, "barcode");
  make_unique(features.ids, text(where, ": features"), table.notes, "gene id");
  table.counts = sort_rows(Index(kept), std::move(raw), where, table.notes);
  table.cell_names = std::move(barcodes);
  table.gene_names = std::move(features.ids);
  table.cell_columns = Annotation(table.cells());
  table.gene_columns = Annotation(table.genes());
  if (!features.symbols.empty()) table.gene_columns.set("gene_symbol", std::move(features.symbols));
  if (!features.types.empty()) table.gene_columns.set("feature_type", to_categorical(features.types));
  if (!features.genomes.empty()) table.gene_columns.set("genome", to_categorical(features.genomes));
  make_utf8(table, where);
  table.check();
  return table;
}

}  // namespace latentcell::io
