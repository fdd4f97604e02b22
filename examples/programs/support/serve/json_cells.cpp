#include "json_cells.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include <latentcell/io/value_check.hpp>

#include "json_reader.hpp"

namespace serve {

using lc::text;

namespace {

[[noreturn]] void refuse(const std::string& sentence) { throw Refusal{422, sentence}; }

/// What a body says, before it is checked.
struct Parts {
  std::optional<std::vector<std::string>> genes, cells;
  std::vector<std::int64_t> row_start;
  std::vector<std::int32_t> columns;
  std::vector<float> values;
  Index width = -1;  ///< of dense rows
  bool has_counts = false;
};

float checked(double value, std::size_t entry) {
  if (value >= 0 && value <= double(lc::io::largest_count) && value == std::floor(value)) return float(value);
  refuse(text("counts are whole numbers from 0 to ", std::int64_t(lc::io::largest_count), ", but value ", entry + 1,
              " of them is ", value));
}

void too_many_cells(Index cells, Index most) {
  if (cells > most)
    throw Refusal{413, text("the body has more than ", most, " cells, which is the most of one request")};
}

void read_rows(JsonReader& in, Parts& to, Index most_cells) {
  to.row_start = {0};
  in.array([&] {
    too_many_cells(Index(to.row_start.size()), most_cells);
    Index column = 0;
    in.array([&] {
      if (column == std::numeric_limits<std::int32_t>::max()) refuse("a row of counts is too long");
      const float value = checked(in.number<double>(), to.values.size());
      if (value != 0) to.columns.push_back(std::int32_t(column)), to.values.push_back(value);
      ++column;
    });
    if (to.width >= 0 && column != to.width)
      refuse(text("row ", to.row_start.size(), " of counts has ", column, " values, the first one ", to.width));
    to.width = column;
    to.row_start.push_back(std::int64_t(to.values.size()));
  });
}

void read_sparse(JsonReader& in, Parts& to, Index most_cells) {
  in.object([&](const std::string& key) {
    if (key == "indptr") {
      in.array([&] {
        to.row_start.push_back(in.number<std::int64_t>());
        too_many_cells(Index(to.row_start.size()) - 1, most_cells);
      });
    } else if (key == "indices") {
      in.array([&] { to.columns.push_back(in.number<std::int32_t>()); });
    } else if (key == "data") {
      in.array([&] { to.values.push_back(checked(in.number<double>(), to.values.size())); });
    } else if (key == "shape") {
      std::vector<Index> shape;
      in.array([&] { shape.push_back(in.number<Index>()); });
      if (shape.size() != 2) refuse(text("shape of counts must be [cells, genes], got ", shape.size(), " numbers"));
      to.width = shape[1];
    } else {
      refuse("counts has no part '" + key + "': it has indptr, indices, data and shape");
    }
  });
}

std::vector<std::string> read_names(JsonReader& in) {
  constexpr std::size_t most = 1000000;
  std::vector<std::string> out;
  in.array([&] {
    if (out.size() == most) refuse(text("there are more than ", most, " names"));
    out.push_back(in.string());
  });
  return out;
}

Parts read_parts(std::string_view body, Index most_cells) {
  Parts out;
  // A place and a count take some eight bytes of text.
  out.columns.reserve(body.size() / 8);
  out.values.reserve(body.size() / 8);
  JsonReader in(body);
  in.object([&](const std::string& key) {
    if (key == "genes") {
      out.genes = read_names(in);
    } else if (key == "cells") {
      out.cells = read_names(in);
    } else if (key == "counts") {
      out.has_counts = true;
      in.next() == '[' ? read_rows(in, out, most_cells) : read_sparse(in, out, most_cells);
    } else {
      refuse("there is no field '" + key + "' here: there are genes, cells and counts");
    }
  });
  in.end();
  return out;
}

// Rows may list their columns in any order, and zeros.
void tidy(Parts& p) {
  bool sorted = true;
  for (std::size_t r = 0; r + 1 < p.row_start.size() && sorted; ++r) {
    for (auto k = std::size_t(p.row_start[r]); k < std::size_t(p.row_start[r + 1]); ++k)
      sorted = sorted && p.values[k] != 0 && (k == std::size_t(p.row_start[r]) || p.columns[k - 1] < p.columns[k]);
  }
  if (sorted) return;
  Parts out;
  out.row_start = {0};
  std::vector<std::pair<std::int32_t, float>> row;
  for (std::size_t r = 0; r + 1 < p.row_start.size(); ++r) {
    row.clear();
    for (auto k = std::size_t(p.row_start[r]); k < std::size_t(p.row_start[r + 1]); ++k)
      row.emplace_back(p.columns[k], p.values[k]);
    std::sort(row.begin(), row.end());
    for (std::size_t k = 0; k < row.size(); ++k) {
      if (k > 0 && row[k].first == row[k - 1].first)
        refuse(text("row ", r + 1, " of counts has column ", row[k].first, " twice"));
      if (row[k].second != 0) out.columns.push_back(row[k].first), out.values.push_back(row[k].second);
    }
    out.row_start.push_back(std::int64_t(out.values.size()));
  }
  p.row_start = std::move(out.row_start);
  p.columns = std::move(out.columns);
  p.values = std::move(out.values);
}

void check(const Parts& p, Index genes) {
  if (!p.has_counts) refuse("the body has no counts");
  if (p.row_start.empty() || p.row_start.front() != 0) refuse("indptr of counts must begin with 0");
  if (p.row_start.size() == 1) refuse("there are no cells");
  if (p.columns.size() != p.values.size())
    refuse(text("counts has ", p.columns.size(), " indices but ", p.values.size(), " data"));
  if (!std::is_sorted(p.row_start.begin(), p.row_start.end())) refuse("indptr of counts must ascend");
  if (p.row_start.back() != std::int64_t(p.values.size()))
    refuse(text("indptr of counts ends with ", p.row_start.back(), " but there are ", p.values.size(), " data"));
  if (p.width >= 0 && p.width != genes) refuse(text("counts has ", p.width, " columns for ", genes, " genes"));
  for (const std::int32_t column : p.columns) {
    if (column < 0 || column >= genes)
      refuse(text("an index of counts is ", column, " but there are ", genes, " genes"));
  }
}

}  // namespace

lc::CellTable parse_cells(std::string_view body, const CellsFormat& format) {
  Parts parts = read_parts(body, format.most_cells);
  lc::CellTable out;
  out.gene_names = parts.genes ? std::move(*parts.genes) : format.genes;
  const Index genes = Index(out.gene_names.size());
  check(parts, genes);
  tidy(parts);
  out.counts = lc::Counts(genes, std::move(parts.row_start), std::move(parts.columns), std::move(parts.values));
  if (parts.cells && Index(parts.cells->size()) != out.cells())
    refuse(text("there are ", parts.cells->size(), " names of cells for ", out.cells(), " cells"));
  if (parts.cells) out.cell_names = std::move(*parts.cells);
  for (Index i = Index(out.cell_names.size()); i < out.cells(); ++i) out.cell_names.push_back(text("cell_", i));
  out.cell_columns = lc::Annotation(out.cells());
  out.gene_columns = lc::Annotation(genes);
  return out;
}

void JsonText::quote(std::string_view value) {
  const bool plain =
      std::all_of(value.begin(), value.end(), [](char c) { return c >= 32 && c < 127 && c != '"' && c != '\\'; });
  if (plain) {
    out_ += '"';
    out_ += value;
    out_ += '"';
  } else {
    out_ += nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
}

JsonText& JsonText::rows(const lc::Matrix<float>& values) {
  open('[');
  for (Index i = 0; i < values.rows(); ++i) {
    open('[');
    for (Index j = 0; j < values.cols(); ++j) number(values(i, j));
    close(']');
  }
  return close(']');
}

JsonText& JsonText::counts(const lc::Counts& values) {
  open('{');
  key("shape").open('[').number(values.rows()).number(values.cols()).close(']');
  key("indptr").numbers(values.row_start());
  key("indices").numbers(values.columns());
  key("data").open('[');
  for (const float value : values.values()) number(std::int32_t(value));
  close(']');
  return close('}');
}

}  // namespace serve
