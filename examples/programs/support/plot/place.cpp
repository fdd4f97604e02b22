#include "place.hpp"

#include <algorithm>
#include <cmath>

namespace plots {

namespace {

struct Rectangle {
  double left, right, low, high;
  bool covers(const Rectangle& other) const {
    return left < other.right && other.left < right && low < other.high && other.low < high;
  }
};

}  // namespace

Frame frame_of(const std::vector<const lc::Matrix<float>*>& sets, const Box& box, Units units) {
  double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
  for (const lc::Matrix<float>* at : sets) {
    for (lc::Index i = 0; i < at->rows(); ++i) {
      if (!std::isfinite((*at)(i, 0)) || !std::isfinite((*at)(i, 1))) continue;
      for (const int axis : {0, 1}) {
        low[axis] = std::min(low[axis], double((*at)(i, axis)));
        high[axis] = std::max(high[axis], double((*at)(i, axis)));
      }
    }
  }
  if (!(low[0] <= high[0])) low[0] = low[1] = 0, high[0] = high[1] = 1;
  const double size[2] = {box.width, box.height};
  double span[2], unit = 0;
  for (const int axis : {0, 1}) {
    span[axis] = std::max({1e-6, 1e-5 * std::abs(high[axis]), 1.08 * (high[axis] - low[axis])});
    unit = std::max(unit, span[axis] / size[axis]);
  }
  double from[2], to[2];
  for (const int axis : {0, 1}) {
    if (units == Units::equal) span[axis] = unit * size[axis];
    from[axis] = (low[axis] + high[axis] - span[axis]) / 2;
    to[axis] = from[axis] + span[axis];
  }
  return {from[0], to[0], from[1], to[1], box.width, box.height};
}

void set_ranges(Gnuplot& g, const Frame& f) {
  g.line("set xrange [", fixed(f.left, 9), ":", fixed(f.right, 9), "]\nset yrange [", fixed(f.low, 9), ":",
         fixed(f.high, 9), "]");
}

std::vector<Words> place_words(std::vector<Words> words, const Frame& frame, double letter_width,
                               const std::vector<std::pair<double, double>>& points) {
  std::vector<Rectangle> taken;
  for (const auto& [x, y] : points) taken.push_back({x - 3, x + 3, y - 3, y + 3});
  for (Words& w : words) {
    const double half = 0.5 * (letter_width * double(columns_of(w.text)) + 6), tall = 9;
    const auto inside = [](double v, double size, double room) {
      return room * 2 > size ? size / 2 : std::clamp(v, room, size - room);
    };
    const double x0 = inside(w.x, frame.width, half), y0 = inside(w.y, frame.height, tall);
    w.x = x0, w.y = y0;
    bool found = false;
    for (double away = 0; away <= 150 && !found; away += 6) {
      const int turns = away == 0 ? 1 : 24;
      for (int k = 0; k < turns && !found; ++k) {
        // Up and down before left and right: words are wide.
        const double angle = (k % 2 == 0 ? 1 : -1) * (1.5707963 + 0.2617994 * ((k + 1) / 2));
        const double x = inside(x0 + away * std::cos(angle), frame.width, half),
                     y = inside(y0 + away * std::sin(angle), frame.height, tall);
        const Rectangle own{x - half, x + half, y - tall, y + tall};
        if (std::any_of(taken.begin(), taken.end(), [&](const Rectangle& r) { return r.covers(own); })) continue;
        w.x = x, w.y = y, found = true;
      }
    }
    taken.push_back({w.x - half, w.x + half, w.y - tall, w.y + tall});
  }
  return words;
}

void draw_words(Gnuplot& g, const std::vector<Words>& words, const Frame& frame, const std::string& font) {
  g.line("set style textbox opaque noborder fillcolor rgb '#70ffffff' margins 0.4,0.15");
  for (const Words& w : words)
    g.line("set label ", quote(w.text), " at graph ", w.x / frame.width, ", graph ", w.y / frame.height,
           " center front boxed font ", quote(font), " textcolor rgb '#000000'");
}

}  // namespace plots
