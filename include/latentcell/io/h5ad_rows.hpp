#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/data/streamed_table.hpp>
#include <latentcell/io/h5ad_read.hpp>
#include <latentcell/io/h5ad_view_shards.hpp>
#include <latentcell/io/hdf5_rows.hpp>

namespace LATENTCELL_NAMESPACE::io {

namespace detail {

/// What an h5ad file says of its cells and genes, with an open matrix. The table has counts of 0, and of features of
/// several kinds the genes alone, as read_h5ad keeps them.
struct H5adOpened {
  Hdf5Object matrix;
  CellTable table;
  std::string encoding, advice;
  std::vector<std::string> features;  ///< names of the matrix's columns
  std::vector<std::int32_t> place;    ///< gene of each column, -1 for what is none; empty: all are genes
};

inline H5adOpened open_h5ad(const std::string& path, const H5adOptions& options) {
  const Hdf5Quiet quiet;
  if (options.try_first) try_hdf5(path);
  const Hdf5Object root = Hdf5Object::open_file(path);
  if (root.has_attribute(view_mark)) root.fail("is a view of the files beside it: H5adShards reads those");
  CellTable table;
  H5adHead head = read_head(root, options.layer, table.notes);
  const Index cells = Index(head.obs.names.size()), genes = Index(head.var.names.size());
  std::string encoding = matrix_encoding(head.parts.matrix, cells, genes);
  table.cell_names = std::move(head.obs.names);
  table.gene_names = std::move(head.var.names);
  table.cell_columns = std::move(head.obs.columns);
  table.gene_columns = std::move(head.var.columns);
  make_utf8(table, path);
  H5adOpened out{std::move(head.parts.matrix), {}, std::move(encoding), std::move(head.advice), table.gene_names, {}};
  if (std::optional<FeatureKinds> kinds = feature_kinds(table.gene_columns)) {
    out.place.assign(to_size(genes), -1);
    for (std::size_t g = 0; g < kinds->genes.size(); ++g) out.place[to_size(kinds->genes[g])] = std::int32_t(g);
    kinds->others.insert(kinds->others.end(), kinds->antibodies.size(), "Antibody Capture");
    note_left_out(kinds->others, path, table.notes);
    table.gene_columns = table.gene_columns.select(kinds->genes);
    for (std::size_t g = 0; g < kinds->genes.size(); ++g) table.gene_names[g] = out.features[to_size(kinds->genes[g])];
    table.gene_names.resize(kinds->genes.size());
  }
  table.counts = no_counts(Index(table.cell_names.size()), Index(table.gene_names.size()));
  out.table = std::move(table);
  return out;
}

}  // namespace detail

/// Which matrices are read in blocks.
enum class Layouts {
  rows,  ///< those that are kept by rows (CSR): rows can be read alone
  any,   ///< dense ones too, whose zeros are read with them, and those kept by genes (CSC), whole at the first read
};

/// The cells of an h5ad file, read a range at a time: what does not fit in memory is trained on in blocks. Counts are
/// checked as read_h5ad checks them, and a block is what read_h5ad has in these rows. In memory are names, obs, var and
/// 16 bytes a cell. Other matrices, obsm and uns are not read. The file stays open. Calls of all readers must come from
/// one thread at a time, as HDF5's do.
class H5adRows {
 public:
  /// Throws std::runtime_error with one sentence naming the file and the field; also for a matrix that is not among the
  /// layouts.
  explicit H5adRows(const std::string& path, const H5adOptions& options = {}, Layouts layouts = Layouts::rows)
      : values_(options.values),
        in_(detail::open_h5ad(path, options)),
        cells_(in_.table.cells()),
        genes_(in_.table.genes()) {
    const Index features = Index(in_.features.size());
    const Hdf5Quiet quiet;
    if (in_.encoding == "csr_matrix") {
      rows_.emplace(in_.matrix, cells_, features);
    } else if (layouts == Layouts::rows) {
      in_.matrix.fail(in_.encoding == "array" ? "is dense" : "is kept by genes (CSC)",
                      ": cells are read in blocks of CSR files alone; the program shard_cells writes them");
    } else if (in_.encoding == "csc_matrix") {
      csc_entries_ = in_.matrix.open("data").length();
    }
  }

  Index cells() const { return cells_; }
  Index genes() const { return genes_; }
  /// Entries of rows [first, first + count) at most: what read() needs room for.
  Index entries(Index first, Index count) const {
    LATENTCELL_REQUIRE(first >= 0 && count >= 0 && first + count <= cells_, "H5adRows: rows ", first, " to ",
                       first + count, " of ", cells_);
    if (rows_) return rows_->entries(first, count);
    if (in_.encoding != "array" && whole_) return whole_->view().middle(first, count).nonzeros();
    const Index most = count * Index(in_.features.size());
    return in_.encoding == "array" ? most : std::min(most, csc_entries_);
  }
  /// Bytes of counts that stay in memory from the first read() on: those of a matrix that is read whole.
  Index resident_bytes() const { return 8 * csc_entries_; }
  /// Names, obs and var, with counts of 0, and notes; read() adds to the notes.
  const CellTable& annotation() const { return in_.table; }
  /// Gives the annotation up but for the notes: errors name cells by their number from then on.
  CellTable release_annotation() {
    CellTable out = std::exchange(in_.table, {});
    in_.table.notes = out.notes;
    return out;
  }

  /// Puts rows [first, first + count) in the place of what `to` holds, whose memory is used again.
  /// shapes: to (count, genes)
  /// Throws std::invalid_argument outside [0, cells), std::runtime_error where the file is damaged or a value is no
  /// count; `to` is empty then.
  void read(Index first, Index count, Counts& to) {
    LATENTCELL_REQUIRE(first >= 0 && count >= 0 && first <= cells() - count, "H5adRows: rows ", first, " to ",
                       first + count, " of ", cells());
    const Hdf5Quiet quiet;
    RawRows raw;
    to.release(raw.row_start, raw.columns, raw.values);
    bool tidy = true;
    if (rows_) {
      tidy = rows_->read(first, count, value_check(), raw);
    } else if (in_.encoding == "array") {
      read_dense(in_.matrix, first, count, value_check(), raw);
    } else {
      take_rows(first, count, raw);
    }
    if (!in_.place.empty()) detail::keep_columns(raw, in_.place);
    std::vector<std::string> added;
    to = tidy ? Counts(genes(), std::move(raw.row_start), std::move(raw.columns), std::move(raw.values))
              : sort_rows(genes(), std::move(raw), in_.matrix.where(), added);
    note_once(noted_repeats_, Index(added.size()), ": entries are given more than once: added up");
    note_once(noted_rounding_, rounding_.values, ": values are rounded to whole numbers");
  }

 private:
  ValueCheck value_check() {
    return {values_, in_.matrix.where(), in_.advice, in_.table.cell_names, in_.features, &rounding_};
  }
  void take_rows(Index first, Index count, RawRows& to) {
    if (!whole_) whole_ = read_matrix(in_.matrix, cells_, Index(in_.features.size()), value_check(), in_.table.notes);
    const CountsView rows = whole_->view().middle(first, count);
    to.row_start.assign(rows.row_start, rows.row_start + count + 1);
    for (std::int64_t& start : to.row_start) start -= rows.row_start[0];
    to.columns.assign(rows.columns + rows.row_start[0], rows.columns + rows.row_start[count]);
    to.values.assign(rows.values + rows.row_start[0], rows.values + rows.row_start[count]);
  }
  void note_once(bool& noted, Index found, const char* what) {
    if (found > 0 && !noted) in_.table.notes.push_back(in_.matrix.where() + what);
    noted = noted || found > 0;
  }

  Values values_;
  detail::H5adOpened in_;
  Index cells_, genes_;
  std::optional<Hdf5Rows> rows_;  // of a CSR matrix
  Index csc_entries_ = 0;         // of a CSC matrix
  std::optional<Counts> whole_;   // that, with all features, from the first read() on
  Rounding rounding_;
  bool noted_repeats_ = false, noted_rounding_ = false;
};

}  // namespace latentcell::io
