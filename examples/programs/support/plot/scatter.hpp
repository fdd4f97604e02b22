#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/core/random_draw.hpp>
#include <latentcell/data/annotation.hpp>
#include <latentcell/kernel/log_normalize.hpp>
#include <latentcell/kernel/pca.hpp>

#include "gnuplot.hpp"

// Points in a plane: axes, colours, labels and numbers.

namespace plots {

using lc::Index;
using Points = std::vector<std::vector<double>>;

inline constexpr const char* real_color = "#0072B2";
inline constexpr const char* generated_color = "#D55E00";

// Paul Tol's "muted" scheme, distinct with a colour-vision deficiency too. Beyond nine levels the shape of the point
// changes.
inline constexpr const char* colors[] = {"#CC6677", "#332288", "#DDCC77", "#117733", "#88CCEE",
                                         "#882255", "#44AA99", "#999933", "#AA4499"};
inline constexpr int shapes[] = {7, 9, 5, 13, 11};  // disc, triangle, square, diamond, triangle upside down

const char* color_of(int rank);
int shape_of(int rank);

/// A colour as a number, for gnuplot's "rgb variable"; alpha from 0, opaque, to 255.
double color_number(const char* color, int alpha);

/// Points in a plane with a label each.
struct Cloud {
  lc::Matrix<float> at;        ///< (N, 2)
  lc::Categorical label = {};  ///< (N), or empty
  std::string x = "", y = "";  ///< axis titles
};

/// The levels that a picture shows and their ranks, -1 for those that no cell has.
struct Legend {
  std::vector<std::string> names;
  std::vector<Index> cells;  // of each name
  Index unlabelled = 0;

  explicit Legend(const std::vector<const lc::Categorical*>& all) {
    for (const lc::Categorical* c : all) {
      for (std::size_t l = 0; l < c->levels.size(); ++l) {
        const Index n = c->count(int(l));
        if (n == 0) continue;
        const int at = rank(c->levels[l]);
        if (at < 0) names.push_back(c->levels[l]);
        if (at < 0) cells.push_back(0);
        cells[lc::to_size(at < 0 ? Index(names.size()) - 1 : Index(at))] += n;
      }
      unlabelled += c->count(lc::Categorical::missing);
    }
  }
  int rank(const std::string& name) const {
    const auto at = std::find(names.begin(), names.end(), name);
    return at == names.end() ? -1 : int(at - names.begin());
  }
  /// More levels than colours: numbers distinguish the points as well.
  bool numbered() const { return names.size() > 9; }
};

/// Rows to draw: all, or `most` of them at random, in random order so that no level hides the others.
std::vector<Index> rows_to_draw(Index n, Index most);

/// Where each level's number stands: among its own points, where they lie dense, away from the other numbers.
/// points of each level -> x, y, number
std::vector<std::vector<double>> place_numbers(const std::vector<std::vector<std::pair<double, double>>>& of_rank,
                                               double width, double height);

/// The plot elements of a cloud coloured by its labels.
std::string colored_points(Gnuplot& g, const Cloud& cloud, const Legend& legend, const std::vector<Index>& rows);

/// Key entries that name the levels.
std::string key_of(const Legend& legend);

/// A panel that holds the key alone.
void key_panel(Gnuplot& g, const Legend& legend, const std::string& title);

void axes(Gnuplot& g, const std::string& title, const std::string& x, const std::string& y);

/// The same ranges for several clouds, a little beyond the outermost points.
void same_ranges(Gnuplot& g, const std::vector<const Cloud*>& clouds);

std::string component_name(const char* of, int component, double share);

/// First two principal components of a set and others in the same axes; a second component of zero where there is none.
struct Plane {
  lc::kernel::Pca<float> pca;
  double total = 0;  // variance in all directions

  template <class Rows>
  lc::Matrix<float> project(const Rows& x) const {
    const lc::Matrix<float> found = lc::kernel::project(pca, x);
    lc::Matrix<float> out = lc::Matrix<float>::Zero(found.rows(), 2);
    out.leftCols(found.cols()) = found;
    return out;
  }
  std::string axis(const char* of, int component) const {
    const std::size_t c = std::size_t(component - 1);
    return component_name(of, component, c < pca.variance.size() && total > 0 ? pca.variance[c] / total : 0.0);
  }
};

lc::kernel::PcaOptions two_components(Index rows, Index cols);

Plane plane_of(const lc::Matrix<float>& x);

Plane plane_of(const lc::Counts& x);

/// Writes "nothing to show" into a panel without a point, which gnuplot would take for a mistake.
void note_if_empty(Gnuplot& g, const Points& points);

/// Names points in the given order, beside and a little below them, until `most` have one; a name that would cover
/// another is left out. For a panel about 640 x 600 pixels wide whose axes fit the points.
void name_points(Gnuplot& g, const Points& points, const std::vector<Index>& order,
                 const std::vector<std::string>& names, std::size_t most);

/// Predicted against true values with the diagonal.
void agreement(Gnuplot& g, const Points& points);

/// A key entry without points of its own.
std::string key_entry(const std::string& color, const std::string& title);

/// A set of points in one colour.
struct ColoredSet {
  std::string name, color;
  lc::Matrix<float> at;  ///< (N, 2)
  Index most = 4000;     ///< points drawn, chosen at random
};

/// Plots several sets in one panel, in random order so that none hides the others, with a key.
void colored_sets(Gnuplot& g, const std::vector<ColoredSet>& sets, const char* size = "0.7", int alpha = 90);

/// Light lines behind the points of all panels.
void grid(Gnuplot& g);

/// A palette from dark to light that works in grey and with a colour-vision deficiency (viridis).
void viridis(Gnuplot& g);

/// Cells' counts in log1p(CP10K).
lc::Counts logged(const lc::Counts& counts);

}  // namespace plots
