#include "legend.hpp"

#include <algorithm>
#include <cstdlib>
#include <numeric>

namespace plots {

double color_number(const std::string& color, int alpha) {
  return double(std::strtol(color.c_str() + 1, nullptr, 16)) + double(alpha) * 16777216.0;
}

Legend::Legend(const std::vector<const lc::Categorical*>& sets) {
  std::vector<Index> cells;  // of the first set that has the label
  for (const lc::Categorical* set : sets) {
    std::vector<Index> own(set->levels.size(), 0);
    for (const int code : set->codes) ++(code < 0 ? unlabelled : own[lc::to_size(code)]);
    for (std::size_t l = 0; l < own.size(); ++l) {
      if (own[l] == 0 || rank(set->levels[l]) >= 0) continue;
      names.push_back(set->levels[l]);
      cells.push_back(own[l]);
    }
  }
  if (names.size() <= most) return;
  std::vector<std::size_t> order(names.size());
  std::iota(order.begin(), order.end(), std::size_t(0));
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return cells[a] > cells[b]; });
  others = names.size() - (most - 1);
  order.resize(most - 1);
  std::sort(order.begin(), order.end());
  std::vector<std::string> named;
  for (const std::size_t k : order) named.push_back(names[k]);
  names = std::move(named);
}

int Legend::rank(const std::string& name) const {
  const auto at = std::find(names.begin(), names.end(), name);
  return at == names.end() ? -1 : int(at - names.begin());
}

std::vector<int> ranks_of(const Legend& legend, const lc::Categorical& labels) {
  std::vector<int> of_level, out;
  for (const std::string& level : labels.levels) of_level.push_back(legend.rank(level));
  for (const int code : labels.codes) out.push_back(code < 0 ? -1 : of_level[lc::to_size(code)]);
  return out;
}

void key_panel(Gnuplot& g, const Box& box, const Legend& legend, const std::string& title) {
  struct Entry {
    std::string name, color;
  };
  std::vector<Entry> entries;
  for (std::size_t r = 0; r < legend.names.size(); ++r)
    entries.push_back(
        {lc::text(legend.numbered() ? lc::text(r + 1, "  ") : "", legend.names[r]), legend.color(int(r))});
  if (legend.others > 0) entries.push_back({lc::text("others (", legend.others, ")"), other_color});
  if (legend.unlabelled > 0) entries.push_back({"(no label)", other_color});
  g.bare_panel(box, {title});
  g.line("set xrange [0:", box.width, "]\nset yrange [0:", box.height, "]");
  const std::size_t columns = entries.size() > 16 ? 2 : 1, rows = (entries.size() + columns - 1) / columns;
  const double step = std::min(26.0, box.height / double(std::max<std::size_t>(rows, 1))),
               wide = box.width / double(columns);
  const double left = columns == 1 ? 0.25 * wide : 0;  // one column stands under the title
  Points dots;
  for (std::size_t k = 0; k < entries.size(); ++k) {
    const double x = left + wide * double(k / rows) + 8, y = box.height - step * (double(k % rows) + 0.5);
    dots.push_back({x, y, color_number(entries[k].color)});
    g.line("set label ", quote(entries[k].name, std::size_t((wide - left - 24) / 8.4)), " at first ", x + 14, ",", y,
           " left font 'Sans,12'");
  }
  g.line("plot ", g.data(dots), " using 1:2:3 with points pointtype 7 pointsize 1.3 linecolor rgb variable");
}

}  // namespace plots
