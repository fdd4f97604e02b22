#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/data/append_cells.hpp>
#include <latentcell/data/match_genes.hpp>
#include <latentcell/io/h5ad_rows.hpp>

namespace LATENTCELL_NAMESPACE::io {

/// Where a cell of several files is.
struct ShardPlace {
  Index file = 0, row = 0;
};

namespace detail {

/// The files that a list of files and views means, each once: a view stands for the files that it shows.
inline std::vector<std::string> files_of_views(const std::vector<std::string>& paths, const H5adOptions& options) {
  std::vector<std::vector<std::string>> shown;
  for (const std::string& path : paths) {
    const Hdf5Quiet quiet;
    if (options.try_first) try_hdf5(path);
    shown.push_back(view_shards(Hdf5Object::open_file(path)));
  }
  std::vector<std::string> out;
  const auto is_shown = [&](const std::string& path) {
    return std::any_of(shown.begin(), shown.end(), [&](const auto& of) {
      return std::any_of(of.begin(), of.end(), [&](const std::string& one) {
        std::error_code trouble;
        return std::filesystem::equivalent(one, path, trouble);
      });
    });
  };
  for (std::size_t k = 0; k < paths.size(); ++k) {
    if (!shown[k].empty()) {
      out.insert(out.end(), shown[k].begin(), shown[k].end());
    } else if (!is_shown(paths[k])) {
      out.push_back(paths[k]);
    }
  }
  return out;
}

}  // namespace detail

/// Many h5ad files as one table whose cells are read a range at a time, file after file. Genes are matched by name, as
/// match_genes does, and brought into one order. obs is that of all: a column that a file does not have is missing in
/// its cells. A view (write_h5ad_view) stands for the files that it shows. Calls of all readers must come from one
/// thread at a time.
class H5adShards {
 public:
  /// genes: those to read, in this order, of which one that a file lacks is 0 in its cells; none given: those that all
  /// files have, in the order of the first. What a file has beside them is left out. Notes say of both.
  /// Throws std::invalid_argument without files, std::runtime_error where a file cannot be read, has none of the genes,
  /// or has a column of obs that is of another kind elsewhere.
  explicit H5adShards(const std::vector<std::string>& paths, const H5adOptions& options = {},
                      std::vector<std::string> genes = {}, Layouts layouts = Layouts::rows)
      : paths_(detail::files_of_views(paths, options)), genes_given_(!genes.empty()) {
    LATENTCELL_REQUIRE(!paths.empty(), "H5adShards: there are no files");
    for (const std::string& path : paths_) files_.push_back({H5adRows(path, options, layouts), {}});
    annotation_.gene_names = genes_given_ ? std::move(genes) : common_genes();
    for (std::size_t f = 0; f < files_.size(); ++f) align(f);
    join();
  }

  Index cells() const { return starts_.back(); }
  Index genes() const { return annotation_.genes(); }
  const std::vector<std::string>& files() const { return paths_; }
  /// Names, obs and var, with counts of 0, and notes of all files up to now.
  const CellTable& annotation() const { return annotation_; }
  std::vector<std::string> notes() const {
    std::vector<std::string> out = annotation_.notes;
    for (const File& file : files_) {
      const std::vector<std::string>& more = file.rows.annotation().notes;
      out.insert(out.end(), more.begin(), more.end());
    }
    return out;
  }
  /// File and row of a cell.
  ShardPlace place(Index cell) const {
    LATENTCELL_REQUIRE(cell >= 0 && cell < cells(), "H5adShards: cell ", cell, " of ", cells());
    const Index file = Index(std::upper_bound(starts_.begin(), starts_.end(), cell) - starts_.begin()) - 1;
    return {file, cell - starts_[to_size(file)]};
  }
  /// Entries of rows [first, first + count) at most.
  Index entries(Index first, Index count) const {
    Index out = 0;
    for_parts(first, count, [&](std::size_t f, Index row, Index n) { out += files_[f].rows.entries(row, n); });
    return out;
  }
  /// Bytes of counts that stay in memory: those of matrices that are read whole.
  Index resident_bytes() const {
    Index out = 0;
    for (const File& file : files_) out += file.rows.resident_bytes();
    return out;
  }

  /// Puts rows [first, first + count) in the place of what `to` holds, whose memory is used again.
  /// shapes: to (count, genes)
  /// Throws as H5adRows::read; `to` has no rows then.
  void read(Index first, Index count, Counts& to) {
    LATENTCELL_REQUIRE(first >= 0 && count >= 0 && first <= cells() - count, "H5adShards: rows ", first, " to ",
                       first + count, " of ", cells());
    if (count > 0) {
      const ShardPlace at = place(first);
      File& file = files_[to_size(at.file)];
      if (file.place.empty() && first + count <= starts_[to_size(at.file) + 1])
        return file.rows.read(at.row, count, to);
    }
    to.clear(genes());
    try {
      for_parts(first, count, [&](std::size_t f, Index row, Index n) {
        files_[f].rows.read(row, n, part_);
        append(files_[f], to);
      });
    } catch (...) {
      to.clear(genes());
      throw;
    }
  }

 private:
  struct File {
    H5adRows rows;
    std::vector<std::int32_t> place;  // of each of its genes, -1 for those left out; empty: as they are
    bool ascending = true;
  };

  template <class Use>
  void for_parts(Index first, Index count, const Use& use) const {
    while (count > 0) {
      const ShardPlace at = place(first);
      const Index n = std::min(count, starts_[to_size(at.file) + 1] - first);
      use(to_size(at.file), at.row, n);
      first += n;
      count -= n;
    }
  }

  std::vector<std::string> common_genes() const {
    std::vector<std::string> out = files_[0].rows.annotation().gene_names;
    for (std::size_t f = 1; f < files_.size(); ++f) {
      const CellTable& of = files_[f].rows.annotation();
      if (of.gene_names == out) continue;
      std::vector<char> found(out.size());
      for (const std::int32_t place : match_genes(of, out).place) {
        if (place >= 0) found[to_size(place)] = 1;
      }
      std::vector<std::string> kept;
      for (std::size_t g = 0; g < out.size(); ++g) {
        if (found[g] != 0) kept.push_back(std::move(out[g]));
      }
      if (kept.empty())
        throw_runtime(paths_[f], ": has none of the genes of the files before it (", of.gene_names.front(), ", ...)");
      out = std::move(kept);
    }
    return out;
  }

  void align(std::size_t f) {
    File& file = files_[f];
    const std::vector<std::string>& genes = annotation_.gene_names;
    const CellTable& own = file.rows.annotation();
    if (own.gene_names == genes) return;
    const GeneMatch match = match_genes(own, genes);
    const Index missing = Index(genes.size()) - match.matched, extra = own.genes() - match.matched;
    if (match.matched == 0)
      throw_runtime(paths_[f], ": none of its ", own.genes(), " genes (", own.gene_names.front(),
                    ", ...) is among the ", genes.size(), " to read (", genes.front(), ", ...)");
    file.place = match.place;
    std::int32_t last = -1;
    for (const std::int32_t place : file.place) {
      if (place < 0) continue;
      file.ascending = file.ascending && place > last;
      last = place;
    }
    std::vector<std::string>& notes = annotation_.notes;
    if (!match.how().empty()) notes.push_back(text(paths_[f], ": genes are matched ", match.how()));
    if (missing > 0) notes.push_back(text(paths_[f], ": lacks ", missing, " of ", genes.size(), " genes: taken as 0"));
    if (extra > 0)
      notes.push_back(text(paths_[f], ": ", extra, extra == 1 ? " gene is" : " genes are",
                           genes_given_ ? " not to be read" : " not in all files", ": left out"));
  }

  // The annotation of a file's cells, in the genes of all.
  CellTable take_annotation(File& file) {
    CellTable out = file.rows.release_annotation();
    out.notes.clear();
    if (file.place.empty()) return out;
    const std::size_t genes = annotation_.gene_names.size();
    std::vector<Index> from(genes, -1);
    for (std::size_t g = 0; g < file.place.size(); ++g) {
      if (file.place[g] >= 0) from[to_size(file.place[g])] = Index(g);
    }
    const bool all = std::find(from.begin(), from.end(), Index{-1}) == from.end();
    out.gene_columns = all ? out.gene_columns.select(from) : Annotation(Index(genes));
    out.gene_names = annotation_.gene_names;
    out.counts = no_counts(Index(out.cell_names.size()), Index(genes));
    return out;
  }

  void join() {
    starts_.assign(1, 0);
    std::vector<CellTable> parts;
    for (File& file : files_) {
      starts_.push_back(starts_.back() + file.rows.cells());
      parts.push_back(take_annotation(file));
    }
    // In pairs, so that no column is copied more than a few times.
    for (; parts.size() > 1; parts.resize((parts.size() + 1) / 2)) {
      for (std::size_t i = 0; i < parts.size(); i += 2) {
        if (i + 1 < parts.size()) append(parts[i], std::exchange(parts[i + 1], {}));
        if (i > 0) parts[i / 2] = std::move(parts[i]);
      }
    }
    parts[0].notes = std::move(annotation_.notes);
    annotation_ = std::move(parts[0]);
    if (files_.size() > 1) make_unique(annotation_.cell_names, "all files", annotation_.notes, "cell name");
  }
  static void append(CellTable& to, const CellTable& from) {
    try {
      append_cells(to, from);
    } catch (const std::invalid_argument& e) {
      throw_runtime("these files are not one table: ", e.what());
    }
  }

  // The part that was read, below the rows of `to`.
  void append(const File& file, Counts& to) {
    const CountsView rows = part_.view();
    for (Index i = 0; i < rows.rows; ++i) {
      if (file.place.empty()) {
        to.push_row(rows, i);
        continue;
      }
      row_.clear();
      const auto columns = rows.row_columns(i);
      const auto values = rows.row_values(i);
      for (std::size_t k = 0; k < columns.size(); ++k) {
        const std::int32_t place = file.place[to_size(columns[k])];
        if (place >= 0) row_.emplace_back(place, values[k]);
      }
      if (!file.ascending) std::sort(row_.begin(), row_.end());
      for (const auto& [column, value] : row_) to.push(column, value);
      to.end_row();
    }
  }

  std::vector<std::string> paths_;
  bool genes_given_;
  std::vector<File> files_;
  std::vector<Index> starts_;  // (files + 1)
  CellTable annotation_;
  Counts part_;
  std::vector<std::pair<std::int32_t, float>> row_;
};

}  // namespace latentcell::io
