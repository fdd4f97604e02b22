#include "scatter.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <tuple>

#include <latentcell/core/median.hpp>
#include <latentcell/core/random_draw.hpp>
#include <latentcell/kernel/log_normalize.hpp>
#include <latentcell/metric/pearson.hpp>

namespace plots {

namespace {

constexpr double letter_width = 7.6;   // of a font of 11 points, in pixels
constexpr double capital_width = 8.6;  // names of genes are capitals

// The median of the cells about the densest of them: of a label with two clouds, the middle of the larger.
std::pair<double, double> middle_of(const std::vector<std::pair<double, double>>& cells) {
  const auto away = [](const auto& a, const auto& b) { return std::hypot(a.first - b.first, a.second - b.second); };
  const std::vector<Index> some = rows_to_draw(Index(cells.size()), 200);
  double most = -1;
  std::pair<double, double> densest;
  for (const Index i : some) {
    double near = 0;
    for (const Index j : some)
      near += std::exp(-0.5 * std::pow(away(cells[std::size_t(i)], cells[std::size_t(j)]) / 40, 2));
    if (near > most) most = near, densest = cells[std::size_t(i)];
  }
  std::vector<double> x, y;
  for (const auto& cell : cells) {
    if (away(cell, densest) < 100) x.push_back(cell.first), y.push_back(cell.second);
  }
  return {lc::median(x), lc::median(y)};
}

lc::kernel::PcaOptions two_components(Index rows, Index cols) {
  return {.components = std::min<Index>(2, std::min(rows, cols))};
}

}  // namespace

std::vector<Index> rows_to_draw(Index n, Index most) {
  std::vector<Index> rows(lc::to_size(n));
  std::iota(rows.begin(), rows.end(), Index(0));
  lc::Rng rng(1);
  lc::shuffle(std::span<Index>(rows), rng);
  rows.resize(lc::to_size(std::min(n, most)));
  return rows;
}

std::string cells_shown(Index shown, Index all) {
  return shown == all ? grouped(all) + " cells" : lc::text(grouped(shown), " of ", grouped(all), " cells");
}

const char* point_size(std::size_t points) {
  return points > 5000 ? "0.4" : points > 2500 ? "0.5" : points > 800 ? "0.6" : points > 200 ? "0.8" : "1.1";
}

std::vector<Words> label_places(const std::vector<const Cloud*>& clouds, const Legend& legend, const Frame& frame) {
  std::vector<std::vector<std::pair<double, double>>> of_rank(legend.names.size());
  for (const Cloud* cloud : clouds) {
    const std::vector<int> ranks = ranks_of(legend, cloud->label);
    std::vector<char> has(of_rank.size());
    for (std::size_t r = 0; r < of_rank.size(); ++r) has[r] = of_rank[r].empty() ? 0 : 1;
    for (std::size_t i = 0; i < ranks.size(); ++i) {
      const double x = frame.pixel_x(double(cloud->at(Index(i), 0))), y = frame.pixel_y(double(cloud->at(Index(i), 1)));
      if (ranks[i] < 0 || has[std::size_t(ranks[i])] != 0 || !std::isfinite(x + y)) continue;
      of_rank[std::size_t(ranks[i])].emplace_back(x, y);
    }
  }
  std::vector<std::size_t> order(of_rank.size());
  std::iota(order.begin(), order.end(), std::size_t(0));
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return of_rank[a].size() > of_rank[b].size(); });
  std::vector<Words> wishes;
  for (const std::size_t r : order) {
    Words w{legend.numbered() ? lc::text(r + 1) : lc::shorten_text(lc::safe_text(legend.names[r]), 18), 0, 0};
    if (!of_rank[r].empty()) std::tie(w.x, w.y) = middle_of(of_rank[r]);
    wishes.push_back(w);
  }
  const std::vector<Words> placed = place_words(wishes, frame, letter_width);
  std::vector<Words> out(placed.size());
  for (std::size_t k = 0; k < placed.size(); ++k) out[order[k]] = placed[k];
  return out;
}

void labelled_cells(Gnuplot& g, const LabelledCells& of, const Frame& frame) {
  set_ranges(g, frame);
  const std::vector<int> ranks = ranks_of(of.legend, of.cloud.label);
  std::vector<char> here(of.places.size(), 0);
  for (const int r : ranks) {
    if (r >= 0) here[std::size_t(r)] = 1;
  }
  Points points;
  for (const Index i : of.rows) {
    const int rank = ranks.empty() ? -1 : ranks[lc::to_size(i)];
    points.push_back({double(of.cloud.at(i, 0)), double(of.cloud.at(i, 1)), color_number(of.legend.color(rank), 60),
                      double(rank >= 0)});
  }
  // Cells without a colour of their own lie below the others.
  std::stable_sort(points.begin(), points.end(), [](const auto& a, const auto& b) { return a[3] < b[3]; });
  note_if_empty(g, points);
  std::vector<Words> words;
  for (std::size_t r = 0; r < here.size(); ++r) {
    if (here[r] != 0) words.push_back(of.places[r]);
  }
  draw_words(g, words, frame, "Sans,11");
  g.line("plot ", g.data(points), " using 1:2:3 with points pointtype 7 pointsize ", point_size(points.size()),
         " linecolor rgb variable");
}

std::string Plane::axis(const std::string& of, int component) const {
  const std::size_t c = std::size_t(component - 1);
  const double share = c < pca.variance.size() && total > 0 ? double(pca.variance[c]) / total : 0.0;
  return lc::text(of, "PC ", component, " (", fixed(100 * share, 1), " % of the variance)");
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
  if (points.empty())
    g.line("set xrange [0.1:1]\nset yrange [0.1:1]\nset label 99 'nothing to show' at graph 0.5,0.5 center");
}

void name_points(Gnuplot& g, const Points& points, const std::vector<Index>& order,
                 const std::vector<std::string>& names, std::size_t most, const Frame& frame) {
  std::vector<Words> words;
  std::vector<std::pair<double, double>> named;  // names hide none of them
  for (std::size_t k = 0; k < std::min(order.size(), most); ++k) {
    const auto& at = points[lc::to_size(order[k])];
    const std::string name = lc::shorten_text(lc::safe_text(names[lc::to_size(order[k])]), 16);
    const double side = 10 + 0.5 * capital_width * double(columns_of(name));
    const double x = frame.pixel_x(at[0]), right = x + side;
    named.emplace_back(x, frame.pixel_y(at[1]));
    words.push_back({name, right + side < frame.width ? right : x - side, frame.pixel_y(at[1])});
  }
  const std::vector<Words> placed = place_words(words, frame, capital_width, named);
  for (std::size_t k = 0; k < placed.size(); ++k) {
    const Words& w = placed[k];
    const auto& at = points[lc::to_size(order[k])];
    if (std::hypot(w.x - words[k].x, w.y - words[k].y) > 20) {
      const double half = 0.5 * capital_width * double(columns_of(w.text)), x = frame.pixel_x(at[0]);
      g.line("set arrow from graph ", std::clamp(x, w.x - half, w.x + half) / frame.width, ", graph ",
             w.y / frame.height, " to first ", at[0], ",", at[1], " nohead back linewidth 0.7 linecolor rgb '#999999'");
    }
    g.line("set label ", quote(w.text), " at graph ", w.x / frame.width, ", graph ", w.y / frame.height,
           " center front font 'Sans,11' textcolor rgb '#222222'");
  }
}

Frame square_frame(const Points& points, const Box& box) {
  double low = INFINITY, high = -INFINITY;
  for (const auto& p : points) {
    if (!std::isfinite(p[0]) || !std::isfinite(p[1])) continue;
    low = std::min({low, p[0], p[1]}), high = std::max({high, p[0], p[1]});
  }
  if (!(low <= high)) low = 0, high = 1;
  const double room = std::max(0.04 * (high - low), 1e-6);
  return {low - room, high + room, low - room, high + room, box.width, box.height};
}

double correlation(const Points& points) {
  std::vector<double> x, y;
  for (const auto& p : points) {
    if (std::isfinite(p[0]) && std::isfinite(p[1])) x.push_back(p[0]), y.push_back(p[1]);
  }
  return x.size() < 2 ? NAN : lc::metric::pearson(x, y);
}

void agreement(Gnuplot& g, const Points& points, const std::string& color) {
  note_if_empty(g, points);

  g.line("plot x with lines dashtype 2 linewidth 1.5 linecolor rgb '#222222', ", g.data(points),
         " using 1:2 with points pointtype 7 pointsize ", point_size(2 * points.size()), " linecolor rgb '#60",
         color.substr(1), "'");
}

void colored_sets(Gnuplot& g, const std::vector<ColoredSet>& sets) {
  std::vector<std::pair<std::size_t, Index>> all;
  for (std::size_t s = 0; s < sets.size(); ++s) {
    for (const Index i : rows_to_draw(sets[s].at.rows(), sets[s].most)) all.emplace_back(s, i);
  }
  Points points;
  for (const Index i : rows_to_draw(Index(all.size()), Index(all.size()))) {
    const auto& [s, row] = all[lc::to_size(i)];
    points.push_back({double(sets[s].at(row, 0)), double(sets[s].at(row, 1)), color_number(sets[s].color, 90)});
  }
  note_if_empty(g, points);
  g.line("plot ", g.data(points), " using 1:2:3 with points pointtype 7 pointsize ", point_size(points.size()),
         " linecolor rgb variable");
}

void grid(Gnuplot& g) { g.line("set grid linetype 1 linewidth 1 linecolor rgb '#ececec'"); }

void power_ticks(Gnuplot& g, const char* axis, double from, double to) {
  if (!(from > 0) || !(to > from)) return;
  static const char* digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  const int first = int(std::ceil(std::log10(from) - 1e-9)), last = int(std::floor(std::log10(to) + 1e-9));
  if (last - first < 1) return;  // few powers: gnuplot's own ticks
  std::string ticks;
  for (int power = first; power <= last; power += (last - first) / 8 + 1) {
    std::string name = "10";
    if (power < 0) name += "⁻";
    for (const char digit : std::to_string(std::abs(power))) name += digits[digit - '0'];
    ticks += lc::text(ticks.empty() ? "" : ", ", quote_tick(name), " 1e", power);
  }
  g.line("set ", axis, "tics (", ticks, ")");
}

void viridis(Gnuplot& g) {
  g.line("set palette defined (0 '#440154', 0.25 '#3b528b', 0.5 '#21918c', 0.75 '#5ec962', 1 '#fde725') maxcolors 256");
}

void color_bar(Gnuplot& g, const Box& box, const std::string& title) {
  g.line("set colorbox user origin ", g.at_page(box.left, box.bottom), " size ", g.at_page(box.width, box.height),
         " noborder\nset cbtics out nomirror autofreq font 'Sans,11' textcolor rgb '#333333'");
  g.line("set label 103 ", quote(title), " at ", g.at_page(box.left + box.width + 52, box.bottom + box.height / 2),
         " center rotate by 90 font 'Sans,11' textcolor rgb '#333333'");
}

std::vector<KeyEntry> key_of(const std::vector<ColoredSet>& sets) {
  std::vector<KeyEntry> out;
  for (const ColoredSet& set : sets) {
    if (set.at.rows() > 0) out.push_back({lc::text(set.name, " (", grouped(set.at.rows()), ")"), set.color});
  }
  return out;
}

lc::Counts logged(const lc::Counts& counts) { return lc::kernel::log_normalize(counts); }

}  // namespace plots
