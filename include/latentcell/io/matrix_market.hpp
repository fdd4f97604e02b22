#pragma once

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <dirent.h>
#include <sys/stat.h>

#include <latentcell/data/cell_table.hpp>
#include <latentcell/io/line_reader.hpp>
#include <latentcell/io/tenx_features.hpp>

namespace LATENTCELL_NAMESPACE::io {

namespace detail {

inline bool is_file(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISDIR(status.st_mode);
}
inline bool is_folder(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

inline bool ends_with_matrix(std::string_view name) {
  return name.ends_with("matrix.mtx") || name.ends_with("matrix.mtx.gz");
}

/// The matrix file of a folder; plain before gzipped where both are there.
inline std::string find_matrix(const std::string& folder) {
  DIR* open = ::opendir(folder.c_str());
  if (open == nullptr) throw_runtime(folder, ": cannot be opened: ", std::strerror(errno));
  std::vector<std::string> found;
  while (const dirent* entry = ::readdir(open)) {
    if (ends_with_matrix(entry->d_name)) found.emplace_back(entry->d_name);
  }
  ::closedir(open);
  std::sort(found.begin(), found.end());
  if (found.empty()) throw_runtime(folder, ": has no matrix.mtx or matrix.mtx.gz");
  if (found.size() > 1 && !(found.size() == 2 && found[1] == found[0] + ".gz")) {
    std::string list;
    for (const std::string& name : found) list += (list.empty() ? "" : ", ") + name;
    throw_runtime(folder, ": has several matrices, give the path of one: ", list);
  }
  return text(folder, folder.ends_with('/') ? "" : "/", found[0]);
}

/// Returns the first of the names, plain or gzipped, that exists beside the matrix with the same prefix.
inline std::string find_beside(const std::string& matrix, std::initializer_list<const char*> names) {
  const std::string prefix = matrix.substr(0, matrix.rfind("matrix.mtx"));
  std::string tried;
  for (const char* name : names) {
    for (const char* end : {"", ".gz"}) {
      std::string path = text(prefix, name, end);
      if (is_file(path)) return path;
    }
    tried += text(tried.empty() ? "" : " or ", name);
  }
  throw_runtime(matrix, ": has no ", tried, " (or .gz) beside it");
}

/// The columns of a table of names parted by tabs; every line has as many as the first.
inline std::vector<std::vector<std::string>> read_name_columns(const std::string& path) {
  LineReader in(path);
  std::vector<std::vector<std::string>> columns;
  std::string_view line;
  while (in.next(line)) {
    const std::size_t given = std::size_t(std::count(line.begin(), line.end(), '\t')) + 1;
    if (in.number() == 1) columns.resize(given);
    if (given != columns.size()) in.fail("has ", given, " fields but the first line has ", columns.size());
    for (auto& column : columns) {
      const std::size_t end = std::min(line.find('\t'), line.size());
      column.emplace_back(line.substr(0, end));
      line.remove_prefix(std::min(end + 1, line.size()));
    }
  }
  if (columns.empty()) throw_runtime(path, ": is empty");
  return columns;
}

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
  out.pattern = head == "%%matrixmarket matrix coordinate pattern general";
  if (!out.pattern && head != "%%matrixmarket matrix coordinate integer general" &&
      head != "%%matrixmarket matrix coordinate real general") {
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

/// Names of cells and genes, for messages.
struct MarketNames {
  const std::vector<std::string>&barcodes, &ids;
};

/// The entries, cell by cell. Files list them by cell as a rule, which costs no more than the entries; where they do
/// not, the cells are kept beside them and sorted at the end.
inline RawRows read_market_entries(LineReader& in, const MarketHead& head, Index cells, Index genes,
                                   const MarketNames& names, Values values) {
  const std::vector<std::string>&barcodes = names.barcodes, &ids = names.ids;
  RawRows out;
  std::vector<std::int32_t> cell_of;  // filled from the first entry that comes out of order
  std::vector<std::int64_t> count(to_size(cells) + 1, 0);
  const bool swapped = head.rows != genes || head.cols != cells;
  const ValueCheck accepts{values, "", "", barcodes, ids};
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
    if (!accepts.accepts(value))
      ValueCheck{values, in.where(), "", barcodes, ids}.refuse(value, Index(cell), Index(gene));
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
/// the three is fine. Takes the folder, or the path of its matrix. The matrix is genes x cells and is turned on
/// reading; one that is cells x genes, by its extents, is taken as it is, with a line in notes. The gene id is the name
/// of a gene; its symbol is the var column gene_symbol. Throws std::runtime_error with one sentence naming the file,
/// the line and the numbers.
inline CellTable read_matrix_market(const std::string& path, const TenxOptions& options = {}) {
  const std::string matrix = detail::is_folder(path) ? detail::find_matrix(path) : path;
  if (!detail::is_file(matrix)) throw_runtime(matrix, ": cannot be opened: ", std::strerror(ENOENT));
  if (!detail::ends_with_matrix(matrix))
    throw_runtime(matrix, ": the name of a matrix must end in matrix.mtx or matrix.mtx.gz");
  if (!options.genome.empty()) {
    throw_runtime(path, ": a folder lists no genomes, so '", options.genome, "' cannot be picked");
  }
  auto barcode_columns = detail::read_name_columns(detail::find_beside(matrix, {"barcodes.tsv"}));
  auto feature_columns = detail::read_name_columns(detail::find_beside(matrix, {"features.tsv", "genes.tsv"}));
  std::vector<std::string> barcodes = std::move(barcode_columns[0]);
  TenxFeatures features;
  features.ids = std::move(feature_columns[0]);
  if (feature_columns.size() > 1) features.symbols = std::move(feature_columns[1]);
  if (feature_columns.size() > 2) features.types = std::move(feature_columns[2]);

  LineReader in(matrix);
  const detail::MarketHead head = detail::read_market_head(in);
  const Index cells = Index(barcodes.size()), genes = Index(features.ids.size());
  const bool plain = head.rows == genes && head.cols == cells;
  if (!plain && !(head.rows == cells && head.cols == genes)) {
    throw_runtime(matrix, ": is ", head.rows, " x ", head.cols, " but there are ", genes, " features and ", cells,
                  " barcodes");
  }
  RawRows raw = detail::read_market_entries(in, head, cells, genes, {barcodes, features.ids}, options.values);
  CellTable table = make_tenx_table(path, std::move(barcodes), std::move(features), std::move(raw), options);
  if (!plain) table.notes.push_back(text(matrix, ": is cells x genes, not genes x cells: taken as it is"));
  return table;
}

}  // namespace latentcell::io
