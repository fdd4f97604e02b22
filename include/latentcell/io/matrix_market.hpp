#pragma once

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <latentcell/data/cell_table.hpp>
#include <latentcell/io/line_reader.hpp>
#include <latentcell/io/matrix_market_names.hpp>
#include <latentcell/io/tenx_features.hpp>

namespace LATENTCELL_NAMESPACE::io {

namespace detail {

/// Takes a number off the front of a line, blanks before it included; false where there is none.
template <class N>
bool take_number(std::string_view& line, N& value) {
  const std::size_t first = line.find_first_not_of(" \t");
  if (first == std::string_view::npos) return false;
  const auto [end, error] = std::from_chars(line.data() + first, line.data() + line.size(), value);
  if (error != std::errc()) return false;
  line.remove_prefix(std::size_t(end - line.data()));
  return line.empty() || line.front() == ' ' || line.front() == '\t';
}

/// The head of a Matrix Market file: kind of value and extents.
struct MarketHead {
  bool pattern = false;
  std::int64_t rows = 0, cols = 0, entries = 0;
};

inline MarketHead read_market_head(LineReader& in) {
  std::string_view line;
  if (!in.next(line)) throw_runtime(in.path(), ": is empty");
  std::string head(line);
  std::transform(head.begin(), head.end(), head.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  while (!head.empty() && head.back() == ' ') head.pop_back();
  MarketHead out;
  const std::string start = "%%matrixmarket matrix coordinate ";
  out.pattern = head == start + "pattern general";
  bool good = out.pattern;
  for (const char* kind : {"integer", "real", "float", "double"}) good = good || head == text(start, kind, " general");
  if (!good) {
    in.fail("'", line.substr(0, 80), "' is not the head of a matrix of counts: needed is ",
            "'%%MatrixMarket matrix coordinate integer general' (or real, or pattern)");
  }
  do {
    if (!in.next(line)) throw_runtime(in.path(), ": cut short: it ends before its extents");
  } while (line.empty() || line.front() == '%');
  if (!take_number(line, out.rows) || !take_number(line, out.cols) || !take_number(line, out.entries) || out.rows < 0 ||
      out.cols < 0 || out.entries < 0) {
    in.fail("needs three numbers: rows, columns, entries");
  }
  return out;
}

/// The entries, cell by cell. Files list them by cell as a rule, which costs no more than the entries; where they do
/// not, the cells are kept beside them and sorted at the end.
inline RawRows read_market_entries(LineReader& in, const MarketHead& head, Index cells, Index genes,
                                   const ValueCheck& check) {
  RawRows out;
  std::vector<std::int32_t> cell_of;  // filled from the first entry that comes out of order
  std::vector<std::int64_t> count(to_size(cells) + 1, 0);
  const bool swapped = head.rows != genes || head.cols != cells;
  const std::size_t hint = std::size_t(std::min<std::int64_t>(head.entries, std::int64_t{1} << 28));
  out.columns.reserve(hint);
  out.values.reserve(hint);
  std::int64_t newest = 0;
  std::string_view line;
  while (in.next(line)) {
    if (line.empty()) continue;
    std::int64_t row = 0, col = 0;
    float value = 1;
    if (!take_number(line, row) || !take_number(line, col) || (!head.pattern && !take_number(line, value))) {
      in.fail("needs ", head.pattern ? "two numbers: row, column" : "three numbers: row, column, value");
    }
    if (row < 1 || row > head.rows || col < 1 || col > head.cols) {
      in.fail("entry (", row, ", ", col, ") lies outside the matrix of ", head.rows, " x ", head.cols);
    }
    const std::int64_t cell = (swapped ? row : col) - 1, gene = (swapped ? col : row) - 1;
    if (!check.accepts(value)) {
      ValueCheck at = check;
      at.where = in.where();
      at.refuse(value, Index(cell), Index(gene));
    }
    value = check(value, Index(cell), Index(gene));
    if (std::int64_t(out.values.size()) == head.entries)
      in.fail("is one entry more than the ", head.entries, " announced");
    if (cell < newest && cell_of.empty()) {
      cell_of.reserve(hint);
      for (std::size_t c = 0; c < to_size(cells); ++c)
        cell_of.insert(cell_of.end(), std::size_t(count[c + 1]), std::int32_t(c));
    }
    newest = std::max(newest, cell);
    if (!cell_of.empty()) cell_of.push_back(std::int32_t(cell));
    ++count[std::size_t(cell) + 1];
    out.columns.push_back(std::int32_t(gene));
    out.values.push_back(value);
  }
  if (std::int64_t(out.values.size()) != head.entries) {
    throw_runtime(in.path(), ": cut short: it holds ", out.values.size(), " entries but announces ", head.entries);
  }
  for (std::size_t c = 1; c < count.size(); ++c) count[c] += count[c - 1];
  out.row_start = count;
  if (cell_of.empty()) return out;
  RawRows sorted{count, std::vector<std::int32_t>(out.columns.size()), std::vector<float>(out.values.size())};
  for (std::size_t k = 0; k < cell_of.size(); ++k) {
    const std::size_t to = std::size_t(count[std::size_t(cell_of[k])]++);
    sorted.columns[to] = out.columns[k];
    sorted.values[to] = out.values[k];
  }
  return sorted;
}

}  // namespace detail

/// Reads a 10x folder: matrix.mtx, barcodes.tsv and features.tsv (or genes.tsv), plain or gzipped; a prefix common to
/// the three is fine, and names of another prefix are taken where the folder has but one; kallisto's names are read
/// too. Takes the folder, or the path of its matrix. The matrix is genes x cells and is turned on reading; one that is
/// cells x genes, by its extents, is taken as it is, with a line in notes. The gene id is the name of a gene; its
/// symbol is the var column gene_symbol. Throws std::runtime_error with one sentence naming the file, the line and the
/// numbers.
inline CellTable read_matrix_market(const std::string& path, const TenxOptions& options = {}) {
  const std::string matrix = detail::is_folder(path) ? detail::find_matrix(path) : path;
  if (!detail::is_file(matrix)) throw_runtime(matrix, ": cannot be opened: ", std::strerror(ENOENT));
  if (!detail::ends_with_matrix(matrix)) throw_runtime(matrix, ": the name of a matrix must end in .mtx or .mtx.gz");
  if (!options.genome.empty()) {
    throw_runtime(path, ": a folder lists no genomes, so '", options.genome, "' cannot be picked");
  }
  std::vector<std::string> notes;
  const std::string barcode_file = detail::find_beside(matrix, {"barcodes.tsv", "barcodes.txt"}, notes);
  const std::string feature_file =
      detail::find_beside(matrix, {"features.tsv", "genes.tsv", "features.txt", "genes.txt"}, notes);
  auto barcode_columns = detail::read_name_columns(barcode_file);
  auto feature_columns = detail::read_name_columns(feature_file);
  LineReader in(matrix);
  const detail::MarketHead head = detail::read_market_head(in);
  detail::drop_decoration(barcode_file, barcode_columns, {head.rows, head.cols}, notes);
  detail::drop_decoration(feature_file, feature_columns, {head.rows, head.cols}, notes);
  std::vector<std::string> barcodes = std::move(barcode_columns[0]);
  TenxFeatures features;
  features.ids = std::move(feature_columns[0]);
  if (feature_columns.size() > 1) features.symbols = std::move(feature_columns[1]);
  if (feature_columns.size() > 2) features.types = std::move(feature_columns[2]);

  const Index cells = Index(barcodes.size()), genes = Index(features.ids.size());
  const bool plain = head.rows == genes && head.cols == cells;
  if (!plain && !(head.rows == cells && head.cols == genes)) {
    throw_runtime(matrix, ": is ", head.rows, " x ", head.cols, " but there are ", genes, " features and ", cells,
                  " barcodes");
  }
  Rounding rounding;
  const ValueCheck check{options.values, "", "", barcodes, features.ids, &rounding};
  RawRows raw = detail::read_market_entries(in, head, cells, genes, check);
  rounding.note(matrix, notes);
  CellTable table = make_tenx_table(path, std::move(barcodes), std::move(features), std::move(raw), options);
  table.notes.insert(table.notes.begin(), notes.begin(), notes.end());
  if (!plain) table.notes.push_back(text(matrix, ": is cells x genes, not genes x cells: taken as it is"));
  return table;
}

}  // namespace latentcell::io
