#pragma once

#include <cmath>
#include <filesystem>
#include <numbers>
#include <optional>
#include <string>
#include <vector>

#include <latentcell/io/read_obsm.hpp>
#include <latentcell/io/read_positions.hpp>
#include <latentcell/spatial/common_frame.hpp>
#include <latentcell/spatial/deconvolve_spots.hpp>

#include "ensemble.hpp"
#include "read.hpp"
#include "stages.hpp"

// Options of impute_spatial, and the tissue that they name.

namespace program {

struct SpatialSettings : Common {
  std::string key = "spatial", subset, predict, panel, holdout, label = "region", from;
  std::vector<std::string> slices, coordinates;
  Index genes = 0;
  double slice_gap = 1, turn = std::nan("");
  bool within_spots = false;
  std::optional<lc::spatial::Origin> origin = {};  ///< of all coordinates, once the first are read
  EnsembleSettings ensemble{.components = 20};

  /// The obsm entry of `key`, which may end in :2,3, the columns to take.
  std::string key_of(const lc::CellTable& cells) const {
    const std::string bare = key.substr(0, key.rfind(':'));
    return cells.embeddings.count(key) == 0 && cells.embeddings.count(bare) > 0 ? bare : key;
  }
  bool simulated() const { return data.empty() && slices.empty(); }
  std::optional<double> angle() const {
    return std::isnan(turn) ? std::nullopt : std::optional(turn * std::numbers::pi / 180);
  }
};

/// Takes a list of files apart; names may have commas.
inline void split_files(Common& s, const std::string& key, std::vector<std::string>& files) {
  files = split_list(files, [](const std::string& file) { return std::filesystem::exists(file); });
  if (!files.empty()) s.settings[key] = files;
}

inline About about_spatial() {
  return {
      "impute_spatial",
      "Predicts expression at locations of a tissue where it was not measured.\nWithout --data or --slices it runs on "
      "a "
      "simulated slice.",
      {"impute_spatial --data slice.h5ad --spatial-key spatial --predict locations.csv --out predicted.h5ad",
       "impute_spatial --slices s1.h5ad,s2.h5ad,s3.h5ad --holdout slice:2 --report report.json"},
      {{"--region", "use --label, the obs column of regions"}, {"--where", "use --subset"}}};
}

inline SpatialSettings parse_spatial(int argc, char** argv) {
  const About about = about_spatial();
  SpatialSettings s;
  s.out = "predicted.h5ad";
  CLI::App app;
  auto* data = add_input(app, s);
  app.add_option("--spatial-key", s.key,
                 "obsm entry of coordinates (spatial:2,3 of its columns), or two numeric obs columns, a comma between");
  app.add_option("--slices", s.slices,
                 "files of neighbouring slices, in order, separated by commas; - for one that was not "
                 "measured, to predict locations in it")
      ->excludes(data);
  app.add_option("--coordinates", s.coordinates,
                 "CSV of coordinates for each slice (Space Ranger's tissue_positions too), where the files hold none; "
                 "- for one that was not measured");
  app.add_option("--subset", s.subset, "COLUMN=VALUE: only cells whose obs column has this value");
  app.add_option("--label", s.label, "obs column of regions");
  auto* genes =
      app.add_option("--genes", s.genes, "keep so many highly variable genes; 0: those expressed in 3 % of the cells")
          ->check(whole_number());
  auto* gap = app.add_option("--slice-gap", s.slice_gap, "distance of slices, in mean neighbour distances")
                  ->check(CLI::Range(0.0, 1e6));
  app.add_option("--turn", s.turn,
                 "about how many degrees counter-clockwise a slice without cells is to be turned; by default its "
                 "outline decides");
  const auto of_model = add_ensemble(app, s.ensemble, "principal components of many genes");
  auto* from = app.add_option("--from", s.from,
                              "predict with a saved model (a file, or a --checkpoint folder) around the cells of "
                              "--data or --slices, without training");
  auto* predict = app.add_option("--predict", s.predict,
                                 "CSV of locations to predict: x, y and, of several slices, slice (from 1)");
  auto* panel = app.add_option("--panel", s.panel,
                               ".h5ad of cells measured with fewer genes in the same tissue (of several slices, obs "
                               "'slice' from 1): the genes they lack are predicted")
                    ->excludes(predict);
  auto* within = app.add_flag("--within-spots", s.within_spots,
                              "the locations to predict are the cells under the measured spots, whose counts are sums "
                              "over them")
                     ->excludes(panel);
  begin_group(app, group::evaluation);
  auto* hold = app.add_option("--holdout", s.holdout,
                              "hidden, predicted and evaluated: region:LEVEL, spots:SHARE, slice:N, genes:N (N genes "
                              "of one half of the cells), or grid:SIDE (single cells from the means of squares SIDE "
                              "mean neighbour distances wide)")
                   ->type_name("WHAT")
                   ->excludes(predict)
                   ->excludes(panel);
  add_output_and_run(app, s);
  within->excludes(hold);
  from->excludes(hold)->excludes(genes)->excludes(gap);
  for (CLI::Option* option : of_model) from->excludes(option);
  parse(app, s, about, argc, argv);
  split_files(s, "slices", s.slices);
  split_files(s, "coordinates", s.coordinates);
  if (s.simulated() && !s.coordinates.empty()) refuse(about, "--coordinates needs --data or --slices");
  if (s.simulated() && s.predict.empty() && s.panel.empty() && s.from.empty() && s.holdout.empty())
    set_for_simulated<std::string>(s, "holdout", s.holdout, "spots:0.5");
  return s;
}

inline std::vector<std::string> files_of(const SpatialSettings& s) {
  std::vector<std::string> out = s.slices;
  out.insert(out.end(), s.coordinates.begin(), s.coordinates.end());
  out.insert(out.end(), {s.data, s.predict, s.panel});
  return out;
}

/// Two columns of an obsm entry: those that KEY:2,3 counts, those that are called x and y, or the first two.
inline std::vector<Index> columns_of(const lc::CellTable& cells, const SpatialSettings& s, const std::string& file,
                                     const lc::Matrix<float>& at) {
  Index x = 0, y = 1;
  if (const std::size_t cut = s.key.rfind(':'); s.key != s.key_of(cells)) {
    long a = 0, b = 0;
    if (std::sscanf(s.key.c_str() + cut + 1, "%ld,%ld", &a, &b) != 2 || a < 1 || b < 1 || a > at.cols() ||
        b > at.cols() || a == b)
      lc::throw_runtime("--spatial-key: '", s.key, "' needs two of the columns 1 to ", at.cols(), " of ", file);
    x = a - 1, y = b - 1;
  } else if (at.cols() > 2) {
    const auto names = cells.strings.find(s.key + "_columns");
    const auto named = names == cells.strings.end() ? std::nullopt : lc::io::named_xy(names->second);
    if (named) x = Index(named->first), y = Index(named->second);
    print_line(lc::text("note: ", file, ": obsm '", s.key, "' has ", at.cols(), " columns: x is column ", x + 1,
                        ", y column ", y + 1, ", others are not used (--spatial-key ", s.key, ":2,3 takes others)"));
  }
  if (at.cols() < 2) lc::throw_runtime(file, ": obsm '", s.key, "' has one column, x and y are needed");
  return {x, y};
}

/// Coordinates of obsm as the file has them, where floats would not tell them apart.
inline lc::Matrix<double> coordinates_of(const lc::CellTable& cells, const SpatialSettings& s,
                                         const std::string& file) {
  const std::string key = s.key_of(cells);
  const lc::Matrix<float>& at = embedding_of(cells, key, file, "--spatial-key or --coordinates");
  const std::vector<Index> columns = columns_of(cells, s, file, at);
  const lc::Matrix<double> two = at(Eigen::all, columns).cast<double>();
  if (!two.allFinite() || lc::spatial::origin_of(two) == lc::spatial::Origin{}) return two;
  const lc::Matrix<double> exact = lc::io::read_obsm(file, key);
  return exact.rows() == at.rows() && exact.cols() == at.cols() ? lc::Matrix<double>(exact(Eigen::all, columns)) : two;
}

/// Cells as one slice; of the first of a run the origin is kept.
inline lc::spatial::Tissue tissue_at(SpatialSettings& s, lc::CellTable cells, const lc::Matrix<double>& xy) {
  if (xy.cols() < 2 || !xy.allFinite()) return lc::spatial::make_tissue(std::move(cells), xy.cast<float>());
  if (!s.origin) s.origin = lc::spatial::origin_of(xy);
  return lc::spatial::make_tissue(std::move(cells), s.origin->to_floats(xy));
}

/// The two obs columns of coordinates, a comma between: those of --spatial-key, or where there is no such obsm entry
/// those whose names say so; "" where obsm has them.
inline std::string obs_columns(const lc::CellTable& cells, const SpatialSettings& s, const std::string& file) {
  if (cells.embeddings.count(s.key_of(cells)) > 0) return "";
  if (s.key.find(',') != std::string::npos) return s.key;
  std::vector<std::string> names;
  for (const auto& [name, column] : cells.cell_columns.columns()) {
    if (lc::to_numbers(column)) names.push_back(name);
  }
  const auto found = lc::io::named_xy(names);
  if (!found) return "";
  const std::string &x = names[found->first], &y = names[found->second];
  print_line("note: " + file + ": no obsm entry '" + s.key + "': x is obs column '" + x + "', y '" + y + "'");
  return x + "," + y;
}

/// One slice, with coordinates from a CSV, or from obsm where no CSV is given.
inline lc::spatial::Tissue read_slice(SpatialSettings& s, const std::string& file, const std::string& csv) {
  lc::CellTable cells = read_cells(s, file);
  try {
    const std::string columns = csv.empty() ? obs_columns(cells, s, file) : "";
    if (const std::size_t comma = columns.find(','); comma != std::string::npos) {
      const std::string x = columns.substr(0, comma), y = columns.substr(comma + 1);
      const std::vector<double> a = cells.cell_columns.numbers(x), b = cells.cell_columns.numbers(y);
      lc::Matrix<double> at(cells.cells(), 2);
      for (Index i = 0; i < cells.cells(); ++i) at.row(i) << a[lc::to_size(i)], b[lc::to_size(i)];
      return tissue_at(s, std::move(cells), at);
    }
    if (csv.empty()) {
      const lc::Matrix<double> at = coordinates_of(cells, s, file);
      return tissue_at(s, std::move(cells), at);
    }
    const lc::io::Positions points = lc::io::read_positions(csv);
    print_line("note: " + csv + ": x is column '" + points.columns[0] + "', y '" + points.columns[1] + "'");
    const lc::Matrix<double> at = points.of(cells.cell_names, csv);
    return tissue_at(s, std::move(cells), at);
  } catch (const std::invalid_argument& e) {
    lc::throw_runtime(csv.empty() ? file : csv, ": ", sentence(e));
  }
}

/// The slices of --slices; held_out: one that the others' genes do not depend on, from 0, or -1.
inline lc::spatial::Tissue read_slices(SpatialSettings& s, int held_out) {
  if (!s.coordinates.empty() && s.coordinates.size() != s.slices.size())
    lc::throw_runtime("--coordinates: ", s.coordinates.size(), " files for ", s.slices.size(), " slices");
  std::vector<std::optional<lc::spatial::Tissue>> slices;
  for (std::size_t k = 0; k < s.slices.size(); ++k) {
    slices.emplace_back();
    if (s.slices[k] != "-") slices.back() = read_slice(s, s.slices[k], s.coordinates.empty() ? "" : s.coordinates[k]);
  }
  lc::spatial::Tissue out = lc::spatial::join_slices(slices, held_out);
  print_line(lc::text("note: ", out.cells.genes(), " genes are in all slices; others are left out"));
  return out;
}

/// The cells of --data or --slices.
inline lc::spatial::Tissue read_tissue(SpatialSettings& s, int held_out) {
  if (!s.slices.empty()) return read_slices(s, held_out);
  if (s.coordinates.size() > 1) lc::throw_runtime("--coordinates: ", s.coordinates.size(), " files for --data alone");
  return read_slice(s, s.data, s.coordinates.empty() ? "" : s.coordinates.front());
}

/// The cells of --subset.
inline lc::spatial::Tissue subset_of(const SpatialSettings& s, lc::spatial::Tissue all) {
  if (s.subset.empty()) return all;
  const std::size_t cut = s.subset.find('=');
  if (cut == std::string::npos) lc::throw_runtime("--subset: '", s.subset, "' is not COLUMN=VALUE");
  lc::spatial::Tissue out = lc::spatial::subset(all, s.subset.substr(0, cut), s.subset.substr(cut + 1));
  print_line(lc::text("note: ", out.cells.cells(), " of ", all.cells.cells(), " cells have ", s.subset));
  return out;
}

/// Locations to predict from a CSV: x, y and, of several slices, slice from 1; names of places where it has them.
inline lc::spatial::Tissue read_locations(const SpatialSettings& s, int slices) {
  const std::string& file = s.predict;
  const lc::io::Positions p = lc::io::read_positions(file);
  const Index needed = slices > 1 ? 3 : 2, given = p.values.cols();
  const auto slice = std::find(p.value_columns.begin(), p.value_columns.end(), "slice");
  const bool named = p.header_names_xy && (slices == 1 || slice != p.value_columns.end());
  if (given < needed || (given > needed && !named))
    lc::throw_runtime(file, ": has ", given, " columns of numbers but needs x, y",
                      slices > 1 ? lc::text(" and slice, as there are ", slices, " slices") : " alone",
                      given > needed ? "; a header that names them lets it have others" : "");
  if (p.header_names_xy) print_line("note: " + file + ": x is column '" + p.columns[0] + "', y '" + p.columns[1] + "'");
  lc::spatial::Tissue out;
  const Index n = p.values.rows();
  for (Index i = 0; i < n; ++i) out.cells.cell_names.push_back(lc::text("location_", i + 1));
  if (!p.names.empty() && !p.names_are_numbers) out.cells.cell_names = p.names;
  out.cells.cell_columns = lc::Annotation(n);
  if (!p.xy.allFinite()) lc::throw_runtime(file, ": some locations lack a coordinate");
  out.locations = {s.origin.value_or(lc::spatial::Origin{}).to_floats(p.xy), std::vector<int>(lc::to_size(n), 0)};
  if (slices == 1) return out;
  const Index column = slice == p.value_columns.end() ? 2 : Index(slice - p.value_columns.begin());
  out.cells.cell_columns.set("slice", std::vector<double>(p.values.col(column).begin(), p.values.col(column).end()));
  lc::spatial::assign_slices(out, slices);
  return out;
}

/// Sets obsm 'spatial' to coordinates as the input has them.
inline void put_coordinates(const SpatialSettings& s, const lc::Matrix<float>& at, lc::CellTable& out) {
  if (s.origin && *s.origin != lc::spatial::Origin{}) {
    out.stored["obsm/spatial"] = lc::stored_matrix(s.origin->add_to(at));
  } else {
    out.embeddings["spatial"] = at;
  }
}

/// The concentrations by which cells share the counts of spots.
inline Json to_json(const lc::spatial::SpotDeconvolution& of, const std::vector<std::string>& genes) {
  Json out{{"totals", {{"cell", of.totals.cell}, {"between_spots", of.totals.between_spots}}}, {"genes", genes}};
  for (const lc::spatial::Concentration& c : of.genes) {
    out["cell"].push_back(c.cell);
    out["between_spots"].push_back(c.between_spots);
  }
  return out;
}

/// Adds how slices were moved to the report; warns where an outline fits at several angles.
inline void report_alignments(const std::vector<lc::spatial::SliceAlignment>& all, Report& report) {
  const auto entry = [](const lc::spatial::RigidMotion& m) {
    return Json{{"degrees", std::remainder(m.angle, 2 * std::numbers::pi) * 180 / std::numbers::pi}, {"cost", m.cost}};
  };
  for (const lc::spatial::SliceAlignment& a : all) {
    const bool by_expression = a.by == lc::spatial::AlignedBy::expression;
    Json line{{"slice", a.slice + 1}, {"onto", a.onto + 1}, {"by", by_expression ? "expression" : "outline"}};
    line.update(entry(a.motion));
    std::string others;
    for (const lc::spatial::RigidMotion& other : a.ambiguous) {
      line["ambiguous"].push_back(entry(other));
      others += lc::text(others.empty() ? "" : ", ", std::lround(double(entry(other)["degrees"])));
    }
    if (a.next) line["next"] = entry(*a.next);
    if (!others.empty())
      warn(lc::text("slice ", a.slice + 1, " is turned by ", std::lround(double(line["degrees"])),
                    " degrees, but its outline fits almost as well at ", others, " degrees: use --turn"));
    report["alignment"].push_back(std::move(line));
  }
}

/// Prints and reports what predictions are stacked from.
inline void report_stacking(const lc::spatial::StackingShares& s, Report& report) {
  std::string words;
  for (const auto& [name, share] :
       {std::pair("flows", s.flows), std::pair("kriging of components", s.kriged_components),
        std::pair("kriging of single genes", s.kriged_genes),
        std::pair("smoothing of single genes", s.smoothed_genes)}) {
    report["parts"].push_back({{"name", name}, {"share", share}});
    words += lc::text(words.empty() ? "" : ", ", std::lround(100 * share), " % ", name);
  }
  print_line("predictions are stacked from " + words + " (weights by held-out reference cells)");
}

}  // namespace program
