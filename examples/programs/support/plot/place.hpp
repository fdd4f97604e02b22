#pragma once

#include <string>
#include <utility>
#include <vector>

#include <latentcell/core/types.hpp>

#include "gnuplot.hpp"

// Where words stand among points.

namespace plots {

/// The ranges of a panel's axes and its size in pixels.
struct Frame {
  double left = 0, right = 1, low = 0, high = 1;
  double width = 1, height = 1;

  double pixel_x(double x) const { return (x - left) / (right - left) * width; }
  double pixel_y(double y) const { return (y - low) / (high - low) * height; }
};

/// The least frame that holds all points, a little wider. `equal`: a unit is as long on both axes.
/// at: (N, 2) each; rows that are not finite count for nothing
enum class Units { own, equal };
Frame frame_of(const std::vector<const lc::Matrix<float>*>& sets, const Box& box, Units units);

/// Sets the ranges of the panel.
void set_ranges(Gnuplot& g, const Frame& frame);

/// Words about a point, in pixels from the panel's lower left corner: their middle.
struct Words {
  std::string text;
  double x = 0, y = 0;
};

/// Moves words as little as needed so that none leaves the panel or covers another or one of the points, in order: the
/// first move least. Where there is no room within 150 pixels, words stay at their point, inside the panel.
/// points: x and y in pixels
std::vector<Words> place_words(std::vector<Words> words, const Frame& frame, double letter_width,
                               const std::vector<std::pair<double, double>>& points = {});

/// Writes words on a light ground, over the points.
void draw_words(Gnuplot& g, const std::vector<Words>& words, const Frame& frame, const std::string& font);

}  // namespace plots
