#include "scatter.hpp"

namespace plots {

const char* color_of(int rank) { return rank < 0 ? "#BBBBBB" : colors[rank % 9]; }

int shape_of(int rank) { return rank < 0 ? 7 : shapes[rank / 9 % 5]; }

double color_number(const char* color, int alpha) {
  return double(std::strtol(color + 1, nullptr, 16)) + double(alpha) * 16777216.0;
}

std::vector<Index> rows_to_draw(Index n, Index most) {
  std::vector<Index> rows(lc::to_size(n));
  std::iota(rows.begin(), rows.end(), Index(0));
  lc::Rng rng(1);
  lc::shuffle(std::span<Index>(rows), rng);
  rows.resize(lc::to_size(std::min(n, most)));
  return rows;
}

std::vector<std::vector<double>> place_numbers(const std::vector<std::vector<std::pair<double, double>>>& of_rank,
                                               double width, double height) {
  const auto gap = [&](const std::pair<double, double>& a, const std::pair<double, double>& b) {
    const double x = (a.first - b.first) / width, y = (a.second - b.second) / height;
    return x * x + y * y;
  };
  // Small levels have the least choice and go first.
  std::vector<std::size_t> order(of_rank.size());
  std::iota(order.begin(), order.end(), std::size_t(0));
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return of_rank[a].size() < of_rank[b].size(); });
  std::vector<std::pair<double, double>> taken;
  std::vector<std::vector<double>> out;
  for (std::size_t r : order) {
    const std::size_t n = std::min<std::size_t>(of_rank[r].size(), 200);
    std::vector<double> near(n, 0.0);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) near[i] += std::exp(-gap(of_rank[r][i], of_rank[r][j]) / 0.005);
    }
    const double densest = n > 0 ? *std::max_element(near.begin(), near.end()) : 1.0;
    double best = -INFINITY;
    std::pair<double, double> place;
    for (std::size_t i = 0; i < n; ++i) {
      double crowd = 0;
      for (const auto& other : taken) crowd += 0.7 * std::exp(-gap(of_rank[r][i], other) / 0.0012);
      if (near[i] / densest - crowd > best) best = near[i] / densest - crowd, place = of_rank[r][i];
    }
    if (n == 0) continue;
    taken.push_back(place);
    out.push_back({place.first, place.second, double(r + 1)});
  }
  return out;
}

std::string colored_points(Gnuplot& g, const Cloud& cloud, const Legend& legend, const std::vector<Index>& rows) {
  std::vector<std::vector<double>> points;
  std::vector<std::vector<std::pair<double, double>>> of_rank(legend.names.size());
  for (Index i : rows) {
    const int code = cloud.label.codes.empty() ? -1 : cloud.label.codes[lc::to_size(i)];
    const int rank = code < 0 ? -1 : legend.rank(cloud.label.levels[std::size_t(code)]);
    const double x = double(cloud.at(i, 0)), y = double(cloud.at(i, 1));
    points.push_back({x, y, double(shape_of(rank)), color_number(color_of(rank), 70)});
    if (rank >= 0) of_rank[std::size_t(rank)].emplace_back(x, y);
  }
  std::string out = lc::text(g.data(points), " using 1:2:3:4 with points pointtype variable pointsize ",
                             rows.size() > 1500 ? "0.55" : "0.8", " linecolor rgb variable notitle");
  if (!legend.numbered()) return out;
  const auto extent = [&](Index axis) {
    return std::max(1e-9, double(cloud.at.col(axis).maxCoeff() - cloud.at.col(axis).minCoeff()));
  };
  const std::string file = g.data(place_numbers(of_rank, extent(0), extent(1)));
  return out + lc::text(", ", file,
                        " using 1:2 with points pointtype 7 pointsize 2.6 linecolor rgb '#30ffffff' notitle, ", file,
                        " using 1:2:(sprintf('%d', $3)) with labels font 'Sans Bold,10' textcolor '#000000' notitle");
}

std::string key_of(const Legend& legend) {
  std::string out;
  for (std::size_t r = 0; r < legend.names.size(); ++r) {
    out += lc::text(", keyentry with points pointtype ", shape_of(int(r)), " pointsize 1.3 linecolor rgb '",
                    color_of(int(r)), "' title ",
                    quote(lc::text(legend.numbered() ? lc::text(r + 1, "  ") : "", legend.names[r]),
                          legend.names.size() > 16 ? 28 : 40));
  }
  if (legend.unlabelled > 0) {
    out += lc::text(", keyentry with points pointtype 7 pointsize 1.3 linecolor rgb '", color_of(-1),
                    "' title '(no label)'");
  }
  return out;
}

void key_panel(Gnuplot& g, const Legend& legend, const std::string& title) {
  const std::size_t entries = legend.names.size() + (legend.unlabelled > 0 ? 1 : 0);
  g.line("unset border\nunset tics\nunset xlabel\nunset ylabel\nset xrange [0:1]\nset yrange [0:1]\nset title ",
         quote(title), " noenhanced");
  g.line("set key at graph 0.5,0.97 center top Left reverse maxrows ",
         entries > 16 ? (entries + 1) / 2 : std::max<std::size_t>(entries, 1), " spacing ",
         entries > 40 ? "0.8" : "1.1",
         entries > 36   ? " font 'Sans,9'"
         : entries > 16 ? " font 'Sans,11'"
                        : "");
  g.line("plot NaN notitle", key_of(legend));
}

void axes(Gnuplot& g, const std::string& title, const std::string& x, const std::string& y) {
  g.line("set title ", quote(title), " noenhanced\nset xlabel ", quote(x), " noenhanced\nset ylabel ", quote(y),
         " noenhanced");
}

void same_ranges(Gnuplot& g, const std::vector<const Cloud*>& clouds) {
  for (int axis = 0; axis < 2; ++axis) {
    float low = 0, high = 0;
    bool any = false;
    for (const Cloud* c : clouds) {
      for (Index i = 0; i < c->at.rows(); ++i) {
        const float v = c->at(i, axis);
        if (!std::isfinite(v)) continue;
        low = any ? std::min(low, v) : v;
        high = any ? std::max(high, v) : v;
        any = true;
      }
    }
    const double room = std::max(1e-6, 0.04 * double(high - low));
    g.line("set ", axis == 0 ? "x" : "y", "range [", double(low) - room, ":", double(high) + room, "]");
  }
}

std::string component_name(const char* of, int component, double share) {
  char percent[32];
  std::snprintf(percent, sizeof percent, "%.1f", 100 * share);
  return lc::text(of, "PC ", component, " (", percent, " % of the variance)");
}

lc::kernel::PcaOptions two_components(Index rows, Index cols) {
  return {.components = std::min<Index>(2, std::min(rows, cols))};
}

Plane plane_of(const lc::Matrix<float>& x) {
  lc::Rng rng(2);
  Plane out{lc::kernel::fit_pca<float>(lc::view(x), two_components(x.rows(), x.cols()), rng), 0};
  for (Index j = 0; j < x.cols(); ++j) {
    const double mean = double(out.pca.mean[j]);
    for (Index i = 0; i < x.rows(); ++i)
      out.total += (double(x(i, j)) - mean) * (double(x(i, j)) - mean) / double(x.rows() - 1);
  }
  return out;
}

Plane plane_of(const lc::Counts& x) {
  lc::Rng rng(2);
  Plane out{lc::kernel::fit_pca(x, two_components(x.rows(), x.cols()), rng), 0};
  for (float v : x.values()) out.total += double(v) * double(v) / double(x.rows() - 1);
  for (Index g = 0; g < x.cols(); ++g)
    out.total -= double(out.pca.mean[g]) * double(out.pca.mean[g]) * double(x.rows()) / double(x.rows() - 1);
  return out;
}

void note_if_empty(Gnuplot& g, const Points& points) {
  g.line(points.empty()
             ? "set xrange [0.1:1]\nset yrange [0.1:1]\nset label 99 'nothing to show' at graph 0.5,0.5 center"
             : "unset label 99");
}

void name_points(Gnuplot& g, const Points& points, const std::vector<Index>& order,
                 const std::vector<std::string>& names, std::size_t most) {
  std::array<double, 2> low = {0, 0}, unit = {0, 0};  // pixels for a unit of each axis
  for (const std::size_t axis : {std::size_t(0), std::size_t(1)}) {
    const auto [a, b] = std::minmax_element(points.begin(), points.end(),
                                            [&](const auto& x, const auto& y) { return x[axis] < y[axis]; });
    if (a == points.end() || !((*b)[axis] > (*a)[axis])) return;
    low[axis] = (*a)[axis];
    unit[axis] = (axis == 0 ? 640 : 600) / ((*b)[axis] - (*a)[axis]);
  }
  struct Box {
    double left, right, low, high;
  };
  std::vector<Box> taken;
  for (std::size_t k = 0; k < std::min(order.size(), 5 * most) && taken.size() < most; ++k) {
    const auto& at = points[lc::to_size(order[k])];
    const std::string& name = names[lc::to_size(order[k])];
    const double x = (at[0] - low[0]) * unit[0], y = (at[1] - low[1]) * unit[1];
    const Box own{x, x + 7.5 * double(std::min<std::size_t>(name.size(), 20)) + 6, y - 9, y + 9};
    if (std::any_of(taken.begin(), taken.end(), [&](const Box& b) {
          return own.left < b.right && b.left < own.right && own.low < b.high && b.low < own.high;
        })) {
      continue;
    }
    taken.push_back(own);
    g.line("set label ", quote(name, 20), " at ", at[0], ",", at[1],
           " offset 0.6,-0.4 noenhanced font ',10' textcolor rgb '#333333'");
  }
}

void agreement(Gnuplot& g, const Points& points) {
  note_if_empty(g, points);
  g.line("plot ", g.data(points),
         " using 1:2 with points pointtype 7 pointsize 0.45 linecolor rgb '#a0444444' notitle, x with lines dashtype 2 "
         "linewidth 2 linecolor rgb '#222222' title 'equal'");
}

std::string key_entry(const std::string& color, const std::string& title) {
  return lc::text(", keyentry with points pointtype 7 pointsize 1.3 linecolor rgb '", color, "' title ", quote(title));
}

void colored_sets(Gnuplot& g, const std::vector<ColoredSet>& sets, const char* size, int alpha) {
  std::vector<std::pair<std::size_t, Index>> all;
  std::string key;
  for (std::size_t s = 0; s < sets.size(); ++s) {
    for (const Index i : rows_to_draw(sets[s].at.rows(), sets[s].most)) all.emplace_back(s, i);
    if (sets[s].at.rows() > 0) key += key_entry(sets[s].color, sets[s].name);
  }
  Points points;
  for (const Index i : rows_to_draw(Index(all.size()), Index(all.size()))) {
    const auto& [s, row] = all[lc::to_size(i)];
    points.push_back(
        {double(sets[s].at(row, 0)), double(sets[s].at(row, 1)), color_number(sets[s].color.c_str(), alpha)});
  }
  note_if_empty(g, points);
  g.line("plot ", g.data(points), " using 1:2:3 with points pointtype 7 pointsize ", size,
         " linecolor rgb variable notitle", key);
}

void grid(Gnuplot& g) { g.line("set grid linetype 1 linewidth 1 linecolor rgb '#e8e8e8'"); }

void viridis(Gnuplot& g) {
  g.line("set palette defined (0 '#440154', 0.25 '#3b528b', 0.5 '#21918c', 0.75 '#5ec962', 1 '#fde725')");
}

lc::Counts logged(const lc::Counts& counts) { return lc::kernel::log_normalize(counts); }

}  // namespace plots
