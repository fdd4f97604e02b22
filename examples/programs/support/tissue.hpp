#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <latentcell/data/align_genes.hpp>
#include <latentcell/data/append_cells.hpp>
#include <latentcell/data/pseudobulk.hpp>
#include <latentcell/data/read_times.hpp>
#include <latentcell/io/read_points.hpp>
#include <latentcell/kernel/neighbors.hpp>
#include <latentcell/metric/subsample.hpp>
#include <latentcell/spatial/align_slices.hpp>

#include "program.hpp"

// Slices of tissue: read, put into one frame and one unit, and places in them.

namespace program {

/// Cells with their places, all slices together.
struct Tissue {
  lc::CellTable cells;
  lc::Matrix<float> at;    // (N, 2)
  std::vector<int> slice;  // (N) from 0
  int slices = 1;

  Tissue part(const std::vector<Index>& rows) const {
    Tissue out{cells.select_cells(rows), lc::metric::pick_rows(lc::view(at), rows), {}, slices};
    for (const Index r : rows) out.slice.push_back(slice[lc::to_size(r)]);
    return out;
  }
};

/// A slice whose file holds its coordinates.
inline Tissue one_slice(lc::CellTable cells, const std::string& key, const std::string& file) {
  const lc::Matrix<float>& at = embedding_of(cells, key, file, "--spatial-key or --coordinates");
  if (at.cols() < 2) lc::throw_runtime(file, ": obsm '", key, "' has one column, not two coordinates");
  if (!at.allFinite()) lc::throw_runtime(file, ": obsm '", key, "' lacks the coordinates of some cells");
  Tissue out{{}, at.leftCols(2), std::vector<int>(lc::to_size(cells.cells()), 0)};
  cells.embeddings.clear();
  cells.strings.clear();
  out.cells = std::move(cells);
  return out;
}

/// A slice with coordinates in a CSV of their own.
inline Tissue one_slice_at(lc::CellTable cells, const std::string& coordinates, const std::string& file) {
  const lc::io::Points p = lc::io::read_points(coordinates);
  if (p.values.cols() != 2)
    lc::throw_runtime(coordinates, ": has ", p.values.cols(), " columns but needs x and y alone");
  if (p.values.rows() != cells.cells())
    lc::throw_runtime(coordinates, ": has ", p.values.rows(), " places but ", file, " ", cells.cells(), " cells");
  cells.embeddings["coordinates"] = p.values.leftCols(2).cast<float>();
  return one_slice(std::move(cells), "coordinates", coordinates);
}

/// What stands for the file of a slice that was not measured.
inline constexpr const char* no_slice = "-";

/// Several slices in the genes that all have but a hidden one, which has no say in it; obs is the number of the slice,
/// from 1.     coordinates: a CSV for each, or none; hidden: a slice from 0, or -1
inline Tissue many_slices(const Common& s, const std::vector<std::string>& files,
                          const std::vector<std::string>& coordinates, const std::string& key, int hidden) {
  if (!coordinates.empty() && coordinates.size() != files.size())
    lc::throw_runtime("--coordinates: ", coordinates.size(), " files for ", files.size(), " slices");
  std::vector<std::pair<int, Tissue>> slices;  // numbers from 0, those that were measured
  std::vector<std::string> shared;
  int known = 0;
  for (std::size_t k = 0; k < files.size(); ++k) {
    if (files[k] == no_slice) continue;
    lc::CellTable cells = read(s, files[k]);
    slices.emplace_back(int(k), coordinates.empty() ? one_slice(std::move(cells), key, files[k])
                                                    : one_slice_at(std::move(cells), coordinates[k], files[k]));
    if (int(k) == hidden) continue;
    std::vector<std::string> sorted = slices.back().second.cells.gene_names;
    if (known++ == 0) shared = sorted;
    std::sort(sorted.begin(), sorted.end());
    std::erase_if(shared, [&](const std::string& g) { return !std::binary_search(sorted.begin(), sorted.end(), g); });
  }
  if (known == 0) lc::throw_runtime("--slices: none is known");
  if (shared.empty()) lc::throw_runtime("the slices have no gene in common");
  say(lc::text("note: ", shared.size(), " genes are in all ", known, " known slices; others are left out"));
  Tissue out;
  out.slices = int(files.size());
  for (const auto& [k, slice] : slices) {
    lc::CellTable t = lc::align_genes(slice.cells, shared).cells;
    for (std::string& name : t.cell_names) name = lc::text("slice", k + 1, "_", name);
    t.cell_columns = lc::Annotation(t.cells());
    t.cell_columns.set("slice", std::vector<double>(lc::to_size(t.cells()), double(k + 1)));
    out.slice.insert(out.slice.end(), lc::to_size(t.cells()), k);
    out.at.conservativeResize(out.at.rows() + t.cells(), 2);
    out.at.bottomRows(t.cells()) = slice.at;
    lc::append_cells(out.cells, t);
  }
  return out;
}

/// The cells of which COLUMN=VALUE is true.
inline Tissue only_where(const Tissue& from, const std::string& where) {
  const std::size_t cut = where.find('=');
  if (cut == std::string::npos) lc::throw_runtime("--where: '", where, "' is not COLUMN=VALUE");
  const std::string column = where.substr(0, cut), value = where.substr(cut + 1);
  std::vector<Index> rows;
  const auto take = [&](auto matches) {
    for (Index i = 0; i < from.cells.cells(); ++i) {
      if (matches(lc::to_size(i))) rows.push_back(i);
    }
  };
  const lc::Column& of = from.cells.cell_columns.get(column);
  if (const auto* numbers = std::get_if<std::vector<double>>(&of)) {
    char* end = nullptr;
    const double wanted = std::strtod(value.c_str(), &end);
    if (value.empty() || *end != '\0')
      lc::throw_runtime("--where: '", value, "' is not a number, as '", column, "' holds");
    take([&](std::size_t i) { return (*numbers)[i] == wanted; });
  } else {
    const lc::Categorical labels = from.cells.obs(column);
    const int wanted = level_of(labels, value, "--where", column);
    take([&](std::size_t i) { return labels.codes[i] == wanted; });
  }
  if (rows.empty()) lc::throw_runtime("--where: no cell has ", where);
  say(lc::text("note: ", rows.size(), " of ", from.cells.cells(), " cells have ", where));
  return from.part(rows);
}

/// Rows of one slice.
inline std::vector<Index> rows_of(const Tissue& t, int slice) {
  std::vector<Index> out;
  for (Index i = 0; i < Index(t.slice.size()); ++i) {
    if (t.slice[lc::to_size(i)] == slice) out.push_back(i);
  }
  return out;
}

/// The usual distance between neighbours of a slice.
inline double usual_distance(const Tissue& t) {
  double sum = 0;
  Index used = 0;
  for (int k = 0; k < t.slices; ++k) {
    const std::vector<Index> rows = rows_of(t, k);
    if (rows.size() < 2) continue;
    const lc::Matrix<float> at = lc::metric::pick_rows(lc::view(t.at), rows);
    const lc::kernel::Neighbors near = lc::kernel::nearest_neighbors(lc::view(at), 1);
    for (Index i = 0; i < at.rows(); ++i) sum += near.distance(i, 0), ++used;
  }
  sum /= double(std::max<Index>(1, used));
  if (!(sum > 0)) lc::throw_runtime("all cells lie at the same place");
  return sum;
}

/// The same tissue seen by wide spots: the cells of each square of a grid put together, at their mean place.
/// spot: takes the square of each cell
inline Tissue coarsened(const Tissue& t, double side, std::vector<Index>& spot) {
  const lc::RowVector<float> low = t.at.colwise().minCoeff();
  std::map<std::array<long, 3>, int> squares;
  std::vector<int> group;
  for (Index i = 0; i < t.at.rows(); ++i) {
    const auto step = [&](Index j) { return std::lround(std::floor(double(t.at(i, j) - low(j)) / side)); };
    group.push_back(
        squares.try_emplace({t.slice[lc::to_size(i)], step(0), step(1)}, int(squares.size())).first->second);
  }
  lc::CellTable cells = t.cells;
  cells.embeddings.clear();
  cells.embeddings["at"] = t.at;
  Tissue out{lc::pseudobulk(cells, group, Index(squares.size())), {}, std::vector<int>(squares.size()), t.slices};
  spot.assign(group.begin(), group.end());
  for (const auto& [square, k] : squares) out.slice[std::size_t(k)] = int(square[0]);
  out.at = std::move(out.cells.embeddings["at"]);
  out.cells.embeddings.clear();
  return out;
}

/// Cells of several slices, by their obs "slice", from 1.
inline void put_into_slices(Tissue& t, const std::string& file) {
  if (!t.cells.cell_columns.has("slice"))
    lc::throw_runtime(file, ": needs obs 'slice', as there are ", t.slices, " slices");
  const std::vector<double> numbers = lc::read_times(t.cells.cell_columns, "slice");
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const double k = numbers[i];
    if (!(k >= 1 && k <= t.slices) || k != std::floor(k))
      lc::throw_runtime(file, ": cell '", t.cells.cell_names[i], "' lies in no slice");
    t.slice[i] = int(k) - 1;
  }
}

/// Places to predict from a CSV: x, y and, of several slices, slice from 1.
inline Tissue wanted_places(const std::string& file, int slices) {
  const lc::io::Points p = lc::io::read_points(file);
  if (p.values.cols() != (slices > 1 ? 3 : 2))
    lc::throw_runtime(file, ": has ", p.values.cols(), " columns but needs x, y",
                      slices > 1 ? lc::text(" and slice, as there are ", slices, " slices") : " alone");
  Tissue out;
  out.slices = slices;
  const Index n = p.values.rows();
  out.at = p.values.leftCols(2).cast<float>();
  for (Index i = 0; i < n; ++i) {
    if (!out.at.row(i).allFinite()) lc::throw_runtime(file, ": place ", i + 1, " lacks a coordinate");
    const double slice = slices > 1 ? p.values(i, 2) : 1.0;
    if (!(slice >= 1 && slice <= slices) || slice != std::floor(slice))
      lc::throw_runtime(file, ": place ", i + 1, " lies in no slice");
    out.slice.push_back(int(slice) - 1);
    out.cells.cell_names.push_back(lc::text("place_", i + 1));
  }
  out.cells.cell_columns = lc::Annotation(n);
  if (slices > 1) {
    std::vector<double> column;
    for (const int k : out.slice) column.push_back(k + 1);
    out.cells.cell_columns.set("slice", column);
  }
  return out;
}

/// Brings all slices into the frame of the first known one: known ones by outline and expression, hidden ones by their
/// outline onto the nearest known slices of either side, starting at `turn` degrees where that is not NaN.
/// features (N, F) of the known cells
inline void one_frame(Tissue& known, Tissue& places, const lc::Matrix<float>& features, double turn, Json& report) {
  const auto pick = [](const lc::Matrix<float>& m, const std::vector<Index>& rows) {
    return lc::metric::pick_rows(lc::view(m), rows);
  };
  const auto degrees = [](const lc::RigidMotion& m) {
    return std::remainder(m.angle, 2 * 3.14159265358979) * 180 / 3.14159265358979;
  };
  int last = -1;  // nearest slice before that is in the frame already
  std::vector<int> waiting;
  const auto move_to = [&](int from, const std::vector<int>& to, bool with_features) {
    std::vector<Index> a;
    for (const int slice : to) {
      const std::vector<Index> rows = rows_of(known, slice);
      a.insert(a.end(), rows.begin(), rows.end());
    }
    const std::vector<Index> b = rows_of(known, from), c = rows_of(places, from);
    lc::Matrix<float> all(Index(b.size() + c.size()), 2);
    all << pick(known.at, b), pick(places.at, c);
    const std::optional<double> about = std::isnan(turn) ? std::nullopt : std::optional(turn * 3.14159265358979 / 180);
    const std::vector<lc::RigidMotion> turns =
        with_features
            ? lc::candidate_alignments(pick(known.at, a), pick(known.at, b), pick(features, a), pick(features, b))
            : lc::candidate_alignments(pick(known.at, a), all, {}, {}, about);
    const lc::RigidMotion& motion = turns.front();
    const lc::Matrix<float> moved = motion(all);
    for (std::size_t i = 0; i < b.size(); ++i) known.at.row(b[i]) = moved.row(Index(i));
    for (std::size_t i = 0; i < c.size(); ++i) places.at.row(c[i]) = moved.row(Index(b.size() + i));
    Json line{{"slice", from + 1},
              {"to", to.front() + 1},
              {"by", with_features ? "expression" : "outline"},
              {"degrees", degrees(motion)},
              {"cost", motion.cost}};
    std::string rivals;
    for (const lc::RigidMotion& other :
         with_features ? std::vector<lc::RigidMotion>{} : lc::ambiguous_alignments(turns)) {
      line["fits_almost_as_well"].push_back({{"degrees", degrees(other)}, {"cost", other.cost}});
      rivals += lc::text(rivals.empty() ? "" : ", ", std::lround(degrees(other)));
    }
    if (turns.size() > 1) line["next"] = {{"degrees", degrees(turns[1])}, {"cost", turns[1].cost}};
    report["alignment"].push_back(std::move(line));
    if (!rivals.empty())
      std::fprintf(stderr,
                   "warning: slice %d is turned by %ld degrees, but its outline fits almost as well at %s degrees: say "
                   "--turn\n",
                   from + 1, std::lround(degrees(motion)), rivals.c_str());
  };
  for (int k = 0; k < known.slices; ++k) {
    if (rows_of(known, k).size() < 3) {
      waiting.push_back(k);
      continue;
    }
    if (last >= 0) move_to(k, {last}, true);
    last = k;
  }
  for (const int k : waiting) {
    // By its outline, onto the nearest known slices of either side.
    std::vector<int> around;
    for (const int step : {-1, 1}) {
      for (int j = k + step; j >= 0 && j < known.slices; j += step) {
        if (rows_of(known, j).size() < 3) continue;
        around.push_back(j);
        break;
      }
    }
    if (rows_of(places, k).size() >= 3) move_to(k, around, false);
  }
}

/// Divides both by the usual distance between neighbours of a slice.
inline void one_unit(Tissue& known, Tissue& places) {
  const double unit = usual_distance(known);
  known.at /= float(unit);
  places.at /= float(unit);
}

}  // namespace program
