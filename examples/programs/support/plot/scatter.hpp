#pragma once

#include <string>
#include <vector>

#include <latentcell/data/annotation.hpp>
#include <latentcell/kernel/pca.hpp>

#include "legend.hpp"
#include "place.hpp"

// Points in a plane.

namespace plots {

/// Points with a label each.
struct Cloud {
  lc::Matrix<float> at;        ///< (N, 2)
  lc::Categorical label = {};  ///< (N), or empty
};

/// Rows to draw: all, or `most` of them at random, in random order so that no level hides the others.
std::vector<Index> rows_to_draw(Index n, Index most);

/// "900 cells", or "400 of 900 cells".
std::string cells_shown(Index shown, Index all);

/// The size of points: the more, the smaller.
const char* point_size(std::size_t points);

/// Where the name of each label stands, or its number: at the median of the label's cells, of the larger cloud where
/// they are two, in the first set that has it, so that the name stands at one place in all panels of a picture.
/// -> one for each name of the legend
std::vector<Words> label_places(const std::vector<const Cloud*>& clouds, const Legend& legend, const Frame& frame);

/// A panel of cells by label.
struct LabelledCells {
  const Cloud& cloud;
  const Legend& legend;
  const std::vector<Words>& places;  ///< of label_places
  std::vector<Index> rows;           ///< to draw
};

/// Draws the cells and the names of those labels that some of them have.
void labelled_cells(Gnuplot& g, const LabelledCells& of, const Frame& frame);

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
  /// The title of an axis, with its share of the variance.
  std::string axis(const std::string& of, int component) const;
};

Plane plane_of(const lc::Matrix<float>& x);

Plane plane_of(const lc::Counts& x);

/// Writes "nothing to show" into a panel without a point, which gnuplot would take for a mistake.
void note_if_empty(Gnuplot& g, const Points& points);

/// Names points in the given order, until `most` have a name; a line leads from a name to a point that is not beside
/// it.
void name_points(Gnuplot& g, const Points& points, const std::vector<Index>& order,
                 const std::vector<std::string>& names, std::size_t most, const Frame& frame);

/// One range for both axes that holds all points.
/// points: rows of (x, y)
Frame square_frame(const Points& points, const Box& box);

/// Pearson's r of x and y; NaN for fewer than two points.
double correlation(const Points& points);

/// Predicted against true values with the diagonal, in one range.
void agreement(Gnuplot& g, const Points& points, const std::string& color);

/// A set of points in one colour.
struct ColoredSet {
  std::string name, color;
  lc::Matrix<float> at;  ///< (N, 2)
  Index most = 4000;     ///< points drawn, chosen at random
};

/// Key entries of sets that have points, with their numbers of points.
std::vector<KeyEntry> key_of(const std::vector<ColoredSet>& sets);

/// Plots several sets in one panel, in random order so that none hides the others.
void colored_sets(Gnuplot& g, const std::vector<ColoredSet>& sets);

/// Light lines behind the points of a panel.
void grid(Gnuplot& g);

/// Ticks at powers of ten, for an axis in logarithms ("x" or "y") whose values lie in a range.
void power_ticks(Gnuplot& g, const char* axis, double from, double to);

/// A palette from dark to light that works in grey and with a colour-vision deficiency.
void viridis(Gnuplot& g);

/// The bar of the palette, with numbers and a title, in a box beside the panel.
void color_bar(Gnuplot& g, const Box& box, const std::string& title);

/// Cells' counts in log1p(CP10K).
lc::Counts logged(const lc::Counts& counts);

}  // namespace plots
