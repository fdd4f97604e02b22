#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include <latentcell/core/random_draw.hpp>
#include <latentcell/data/cell_table.hpp>
#include <latentcell/data/filter.hpp>
#include <latentcell/data/latent_table.hpp>
#include <latentcell/kernel/log_normalize.hpp>
#include <latentcell/kernel/pca.hpp>
#include <latentcell/train/history.hpp>

#include "gnuplot.hpp"

// Pictures of a run, drawn by gnuplot. Each function writes one PNG file whole or throws std::runtime_error.

namespace plots {

using lc::Index;

inline constexpr const char* real_color = "#0072B2";
inline constexpr const char* made_color = "#D55E00";

// Paul Tol's "muted" scheme, told apart by colour-blind readers. Beyond nine levels the shape of the point changes.
inline constexpr const char* colors[] = {"#CC6677", "#332288", "#DDCC77", "#117733", "#88CCEE",
                                         "#882255", "#44AA99", "#999933", "#AA4499"};
inline constexpr int shapes[] = {7, 9, 5, 13, 11};  // disc, triangle, square, diamond, triangle upside down

inline const char* color_of(int rank) { return rank < 0 ? "#BBBBBB" : colors[rank % 9]; }
inline int shape_of(int rank) { return rank < 0 ? 7 : shapes[rank / 9 % 5]; }

/// A colour as a number, for gnuplot's "rgb variable"; alpha from 0, opaque, to 255.
inline double color_number(const char* color, int alpha) {
  return double(std::strtol(color + 1, nullptr, 16)) + double(alpha) * 16777216.0;
}

/// Points in a plane with a label each.
struct Cloud {
  lc::Matrix<float> at;           ///< (N, 2)
  lc::Categorical label = {};     ///< (N), or empty
  std::string x = "", y = "";     ///< axis titles
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
        const int known = rank(c->levels[l]);
        if (known < 0) names.push_back(c->levels[l]);
        if (known < 0) cells.push_back(0);
        cells[lc::to_size(known < 0 ? Index(names.size()) - 1 : Index(known))] += n;
      }
      unlabelled += c->count(lc::Categorical::missing);
    }
  }
  int rank(const std::string& name) const {
    const auto at = std::find(names.begin(), names.end(), name);
    return at == names.end() ? -1 : int(at - names.begin());
  }
  /// More levels than colours: points are told apart by numbers as well.
  bool numbered() const { return names.size() > 9; }
};

/// Rows to draw: all, or `most` of them at random, in random order so that no level hides the others.
inline std::vector<Index> rows_to_draw(Index n, Index most) {
  std::vector<Index> rows(lc::to_size(n));
  std::iota(rows.begin(), rows.end(), Index(0));
  lc::Rng rng(1);
  lc::shuffle(std::span<Index>(rows), rng);
  rows.resize(lc::to_size(std::min(n, most)));
  return rows;
}

/// Where each level's number stands: among its own points, where they lie dense, away from the other numbers.
/// points of each level -> x, y, number
inline std::vector<std::vector<double>> place_numbers(const std::vector<std::vector<std::pair<double, double>>>& of_rank, double width,
                                                      double height) {
  const auto gap = [&](const std::pair<double, double>& a, const std::pair<double, double>& b) {
    const double x = (a.first - b.first) / width, y = (a.second - b.second) / height;
    return x * x + y * y;
  };
  // Small levels have the least choice and go first.
  std::vector<std::size_t> order(of_rank.size());
  std::iota(order.begin(), order.end(), std::size_t(0));
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return of_rank[a].size() < of_rank[b].size(); });
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

/// The plot elements of a cloud coloured by its labels.
inline std::string colored_points(Gnuplot& g, const Cloud& cloud, const Legend& legend, const std::vector<Index>& rows) {
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
  const auto extent = [&](Index axis) { return std::max(1e-9, double(cloud.at.col(axis).maxCoeff() - cloud.at.col(axis).minCoeff())); };
  const std::string file = g.data(place_numbers(of_rank, extent(0), extent(1)));
  return out + lc::text(", ", file, " using 1:2 with points pointtype 7 pointsize 2.6 linecolor rgb '#30ffffff' notitle, ", file,
                        " using 1:2:(sprintf('%d', $3)) with labels font 'Sans Bold,10' textcolor '#000000' notitle");
}

/// Key entries that name the levels.
inline std::string key_of(const Legend& legend) {
  std::string out;
  for (std::size_t r = 0; r < legend.names.size(); ++r) {
    out += lc::text(", keyentry with points pointtype ", shape_of(int(r)), " pointsize 1.3 linecolor rgb '", color_of(int(r)),
                    "' title ", quote(lc::text(legend.numbered() ? lc::text(r + 1, "  ") : "", legend.names[r]),
                          legend.names.size() > 16 ? 28 : 40));
  }
  if (legend.unlabelled > 0) {
    out += lc::text(", keyentry with points pointtype 7 pointsize 1.3 linecolor rgb '", color_of(-1), "' title '(no label)'");
  }
  return out;
}

/// A panel that holds the key alone.
inline void key_panel(Gnuplot& g, const Legend& legend, const std::string& title) {
  const std::size_t entries = legend.names.size() + (legend.unlabelled > 0 ? 1 : 0);
  g.line("unset border\nunset tics\nunset xlabel\nunset ylabel\nset xrange [0:1]\nset yrange [0:1]\nset title ", quote(title), " noenhanced");
  g.line("set key at graph 0.5,0.97 center top Left reverse maxrows ", entries > 16 ? (entries + 1) / 2 : std::max<std::size_t>(entries, 1),
         " spacing ", entries > 40 ? "0.8" : "1.1", entries > 36 ? " font 'Sans,9'" : entries > 16 ? " font 'Sans,11'" : "");
  g.line("plot NaN notitle", key_of(legend));
}

inline void axes(Gnuplot& g, const std::string& title, const std::string& x, const std::string& y) {
  g.line("set title ", quote(title), " noenhanced\nset xlabel ", quote(x), " noenhanced\nset ylabel ", quote(y), " noenhanced");
}

/// The same ranges for several clouds, a little beyond the outermost points.
inline void same_ranges(Gnuplot& g, const std::vector<const Cloud*>& clouds) {
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

inline std::string component_name(const char* of, int component, double share) {
  char percent[32];
  std::snprintf(percent, sizeof percent, "%.1f", 100 * share);
  return lc::text(of, "PC ", component, " (", percent, " % of the variance)");
}

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

inline lc::kernel::PcaOptions two_components(Index rows, Index cols) {
  return {.components = std::min<Index>(2, std::min(rows, cols))};
}

inline Plane plane_of(const lc::Matrix<float>& x) {
  lc::Rng rng(2);
  Plane out{lc::kernel::fit_pca<float>(lc::view(x), two_components(x.rows(), x.cols()), rng), 0};
  for (Index j = 0; j < x.cols(); ++j) {
    const double mean = double(out.pca.mean[j]);
    for (Index i = 0; i < x.rows(); ++i) out.total += (double(x(i, j)) - mean) * (double(x(i, j)) - mean) / double(x.rows() - 1);
  }
  return out;
}

inline Plane plane_of(const lc::Counts& x) {
  lc::Rng rng(2);
  Plane out{lc::kernel::fit_pca(x, two_components(x.rows(), x.cols()), rng), 0};
  for (float v : x.values()) out.total += double(v) * double(v) / double(x.rows() - 1);
  for (Index g = 0; g < x.cols(); ++g) out.total -= double(out.pca.mean[g]) * double(out.pca.mean[g]) * double(x.rows()) / double(x.rows() - 1);
  return out;
}

/// Mean loss of each epoch, one panel a stage; the validation loss where there is one.
inline void loss_curves(const std::string& path, const lc::History& autoencoder, const lc::History& flow) {
  Gnuplot g(1200, 620);
  g.line("set multiplot layout 1,2 margins 0.08,0.98,0.13,0.9 spacing 0.1\nset grid ytics linetype 1 linewidth 1 linecolor rgb '#e8e8e8'");
  const auto panel = [&](const lc::History& h, const char* title, const char* unit) {
    axes(g, title, "epoch", unit);
    std::vector<std::vector<double>> loss, watched;
    double low = INFINITY, high = -INFINITY;
    for (const lc::EpochReport& e : h.epochs) {
      loss.push_back({double(e.epoch), e.loss});
      if (std::isfinite(e.validation)) watched.push_back({double(e.epoch), e.validation});
      for (double v : {e.loss, e.validation}) {
        if (std::isfinite(v)) low = std::min(low, v), high = std::max(high, v);
      }
    }
    g.line(low > 0 && high / low > 20 ? "set logscale y" : "unset logscale y");
    g.line("set xrange [0:", std::max<std::size_t>(2, h.epochs.size() + 1), "]");
    const char* style = loss.size() < 60 ? " with linespoints pointtype 7 pointsize 0.6" : " with lines";
    g.line("plot ", g.data(loss), style, " linewidth 2 linecolor rgb '", real_color, "' title 'training cells'",
           watched.empty() ? std::string()
                           : lc::text(", ", g.data(watched), " with lines dashtype 2 linewidth 2 linecolor rgb '", made_color,
                                      "' title 'cells kept out'"));
  };
  panel(autoencoder, "Stage 1: autoencoder", "negative ELBO (nats per cell)");
  panel(flow, "Stage 2: flow", "mean squared error of the velocity");
  g.draw(path);
}

/// Latents in their first two PCs, coloured by label and, where there are batches, by batch.
inline void latents(const std::string& path, const lc::Matrix<float>& z, const lc::Categorical& label, const std::string& label_name,
                    const lc::Categorical* batch, const std::string& batch_name) {
  const Plane plane = plane_of(z);
  const std::vector<Index> rows = rows_to_draw(z.rows(), 6000);
  Cloud cloud{plane.project(lc::view(z)), label, plane.axis("latent ", 1), plane.axis("latent ", 2)};
  const Legend by_label({&label});
  const Legend by_batch(batch == nullptr ? std::vector<const lc::Categorical*>{} : std::vector<const lc::Categorical*>{batch});
  Gnuplot g(1200, batch == nullptr ? 760 : 1100);
  g.line("set multiplot");
  const double height = batch == nullptr ? 1.0 : 0.5;
  const auto row = [&](const Legend& legend, const std::string& name, double bottom) {
    g.line("set origin 0,", bottom, "\nset size 0.64,", height, "\n", Gnuplot::axes_on, "\nunset key");
    axes(g, lc::text("Latents of ", z.rows(), " cells by ", name), cloud.x, cloud.y);
    same_ranges(g, {&cloud});
    g.line("plot ", colored_points(g, cloud, legend, rows));
    g.line("set origin 0.64,", bottom, "\nset size 0.36,", height);
    key_panel(g, legend, name);
  };
  row(by_label, label_name, 1.0 - height);
  if (batch != nullptr) {
    cloud.label = *batch;
    row(by_batch, batch_name, 0.0);
  }
  g.draw(path);
}

/// Real and generated cells in the two PCs of log1p(CP10K) that the real ones span: by label, and by origin.
inline void real_and_generated(const std::string& path, const lc::Counts& real, const lc::Categorical& real_label,
                               const lc::Counts& made, const lc::Categorical& made_label, const std::string& label_name) {
  const lc::Counts real_logs = lc::kernel::log_normalize(real), made_logs = lc::kernel::log_normalize(made);
  const Plane plane = plane_of(real_logs);
  const Cloud a{plane.project(real_logs), real_label}, b{plane.project(made_logs), made_label};
  // Equal numbers, else the larger set looks the more spread.
  const Index shown = std::min<Index>({real.rows(), made.rows(), 4000});
  const std::vector<Index> rows_a = rows_to_draw(a.at.rows(), shown), rows_b = rows_to_draw(b.at.rows(), shown);
  const Legend legend({&real_label, &made_label});
  Gnuplot g(1300, 1150);
  g.line("set multiplot layout 2,2 margins 0.07,0.98,0.06,0.95 spacing 0.08,0.11\nunset key");
  same_ranges(g, {&a, &b});
  const std::string x = plane.axis("", 1), y = plane.axis("", 2);
  axes(g, lc::text("Real cells by ", label_name), x, y);
  g.line("plot ", colored_points(g, a, legend, rows_a));
  axes(g, lc::text("Generated cells by ", label_name), x, y);
  g.line("plot ", colored_points(g, b, legend, rows_b));
  axes(g, lc::text("Both by origin, ", shown, " cells each"), x, y);
  std::vector<std::vector<double>> both;
  for (Index i = 0; i < shown; ++i) {
    const Index p = rows_a[lc::to_size(i)], q = rows_b[lc::to_size(i)];
    both.push_back({double(a.at(p, 0)), double(a.at(p, 1)), color_number(real_color, 110)});
    both.push_back({double(b.at(q, 0)), double(b.at(q, 1)), color_number(made_color, 110)});
  }
  g.line("set label 1 '● real' at graph 0,1.035 textcolor rgb '", real_color, "'\nset label 2 '● generated' at graph 1,1.035 right textcolor rgb '",
         made_color, "'");
  g.line("plot ", g.data(both), " using 1:2:3 with points pointtype 7 pointsize ", shown > 1500 ? "0.5" : "0.7",
         " linecolor rgb variable notitle");
  g.line("unset label");
  key_panel(g, legend, label_name);
  g.draw(path);
}

/// Per gene: mean, variance and share of zeros over the cells.
struct GeneSummary {
  std::vector<double> mean, variance, zeros;
};

inline GeneSummary summarize(const lc::Counts& counts) {
  const std::size_t genes = lc::to_size(counts.cols());
  const double n = double(std::max<Index>(1, counts.rows()));
  GeneSummary s{std::vector<double>(genes, 0.0), std::vector<double>(genes, 0.0), std::vector<double>(genes, n)};
  for (std::size_t k = 0; k < counts.values().size(); ++k) {
    const std::size_t g = std::size_t(counts.columns()[k]);
    const double v = double(counts.values()[k]);
    s.mean[g] += v / n;
    s.variance[g] += v * v / n;
    s.zeros[g] -= v != 0 ? 1 : 0;
  }
  for (std::size_t g = 0; g < genes; ++g) {
    s.variance[g] = std::max(0.0, s.variance[g] - s.mean[g] * s.mean[g]);
    s.zeros[g] /= n;
  }
  return s;
}

// Columns as rows of a table, those with a positive first number alone.
inline std::vector<std::vector<double>> pairs(const std::vector<double>& x, const std::vector<double>& y, double least_y) {
  std::vector<std::vector<double>> out;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] > 0 && y[i] > least_y) out.push_back({x[i], y[i]});
  }
  return out;
}

// Real and generated genes in random order, so that neither hides the other.
inline void gene_points(Gnuplot& g, const std::vector<std::vector<double>>& real, const std::vector<std::vector<double>>& made,
                        const char* line, const char* line_title) {
  std::vector<std::vector<double>> both;
  for (Index i : rows_to_draw(Index(real.size() + made.size()), Index(real.size() + made.size()))) {
    const std::size_t at = lc::to_size(i);
    const bool is_real = at < real.size();
    both.push_back(is_real ? real[at] : made[at - real.size()]);
    both.back().push_back(color_number(is_real ? real_color : made_color, 110));
  }
  const auto entry = [](const char* color, const char* title) {
    return lc::text(", keyentry with points pointtype 7 pointsize 1.3 linecolor rgb '", color, "' title '", title, "'");
  };
  g.line("plot ", g.data(both), " using 1:2:3 with points pointtype 7 pointsize 0.45 linecolor rgb variable notitle, ", line,
         " with lines dashtype 2 linewidth 2 linecolor rgb '#222222' title '", line_title, "'", entry(real_color, "real"),
         entry(made_color, "generated"));
}

inline void agreement(Gnuplot& g, const std::string& pairs_file, const char* diagonal) {
  g.line("plot ", pairs_file, " using 1:2 with points pointtype 7 pointsize 0.45 linecolor rgb '#a0444444' notitle, ", diagonal,
         " with lines dashtype 2 linewidth 2 linecolor rgb '#222222' title 'equal'");
}

/// Variance against mean of each gene's counts, and generated against real variance.
inline void mean_variance(const std::string& path, const lc::Counts& real, const lc::Counts& made) {
  const GeneSummary a = summarize(real), b = summarize(made);
  Gnuplot g(1300, 680);
  g.line("set multiplot layout 1,2 margins 0.07,0.98,0.12,0.92 spacing 0.1\nset logscale xy\nset format '10^{%T}'\nset key top left reverse Left\n"
         "set grid linetype 1 linewidth 1 linecolor rgb '#e8e8e8'");
  axes(g, "Each gene: variance against mean", "mean count per cell", "variance of the count");
  gene_points(g, pairs(a.mean, a.variance, 0), pairs(b.mean, b.variance, 0), "x", "variance = mean (Poisson)");
  axes(g, "Each gene: variance, generated against real", "variance in real cells", "variance in generated cells");
  agreement(g, g.data(pairs(a.variance, b.variance, 0)), "x");
  g.draw(path);
}

/// Share of cells without a count of a gene against its mean, and generated against real share.
inline void zeros_per_gene(const std::string& path, const lc::Counts& real, const lc::Counts& made) {
  const GeneSummary a = summarize(real), b = summarize(made);
  Gnuplot g(1300, 680);
  g.line("set multiplot layout 1,2 margins 0.07,0.98,0.12,0.92 spacing 0.1\nset key bottom left reverse Left\n"
         "set grid linetype 1 linewidth 1 linecolor rgb '#e8e8e8'\nset logscale x\nset format x '10^{%T}'\nset yrange [-0.02:1.02]");
  axes(g, "Each gene: share of zeros against mean", "mean count per cell", "share of cells with a count of zero");
  gene_points(g, pairs(a.mean, a.zeros, -1), pairs(b.mean, b.zeros, -1), "exp(-x)", "expected of Poisson counts");
  g.line("unset logscale x\nset format x '%g'\nset xrange [-0.02:1.02]\nset key top left");
  axes(g, "Each gene: share of zeros, generated against real", "share of zeros in real cells", "share of zeros in generated cells");
  std::vector<std::vector<double>> both;
  for (std::size_t i = 0; i < std::min(a.zeros.size(), b.zeros.size()); ++i) both.push_back({a.zeros[i], b.zeros[i]});
  agreement(g, g.data(both), "x");
  g.draw(path);
}

/// Histograms over the cells: all counts, and genes with a count.
inline void library_sizes(const std::string& path, const lc::Counts& real, const lc::Counts& made) {
  const lc::Totals a = lc::cell_totals(real), b = lc::cell_totals(made);
  Gnuplot g(1300, 640);
  g.line("set multiplot layout 1,2 margins 0.07,0.98,0.13,0.92 spacing 0.1\nset key top right\nset yrange [0:*]\n"
         "set grid ytics linetype 1 linewidth 1 linecolor rgb '#e8e8e8'\nset style fill transparent solid 0.18 noborder\nset logscale x");
  const auto panel = [&](const std::vector<double>& x, const std::vector<double>& y, const char* title, const char* unit) {
    double low = INFINITY, high = 0;
    for (const auto* v : {&x, &y}) {
      for (double n : *v) {
        if (n > 0) low = std::min(low, n), high = std::max(high, n);
      }
    }
    if (high <= 0) low = 1, high = 10;
    const double from = std::log(low) - 0.05, step = (std::log(high) + 0.05 - from) / 50;
    const auto outline = [&](const std::vector<double>& v) {
      std::vector<double> bins(50, 0.0);
      for (double n : v) {
        if (n > 0) bins[std::size_t(std::clamp((std::log(n) - from) / step, 0.0, 49.0))] += 100.0 / double(v.size());
      }
      std::vector<std::vector<double>> points{{std::exp(from), 0}};
      for (std::size_t i = 0; i < 50; ++i) {
        points.push_back({std::exp(from + step * double(i)), bins[i]});
        points.push_back({std::exp(from + step * double(i + 1)), bins[i]});
      }
      points.push_back({std::exp(from + step * 50), 0});
      return g.data(points);
    };
    const std::string real_file = outline(x), made_file = outline(y);
    axes(g, title, unit, "share of the cells (%)");
    std::string ticks;
    const double lowest = std::exp(from), highest = std::exp(from + 50 * step);
    for (double decade = std::pow(10.0, std::floor(std::log10(lowest))); decade < highest; decade *= 10) {
      for (double tick : {decade, 2 * decade, 5 * decade}) {
        if (tick >= lowest && tick <= highest) ticks += lc::text(ticks.empty() ? "" : ", ", "'", std::llround(tick), "' ", tick);
      }
    }
    g.line("set xrange [", lowest, ":", highest, "]\nset xtics (", ticks, ")");
    const auto curve = [](const std::string& file, const char* color, const char* name) {
      return lc::text(file, " using 1:2 with filledcurves y1=0 linecolor rgb '", color, "' notitle, ", file,
                      " using 1:2 with lines linewidth 2 linecolor rgb '", color, "' title '", name, "'");
    };
    g.line("plot ", curve(real_file, real_color, "real"), ", ", curve(made_file, made_color, "generated"));
  };
  const auto numbers = [](const std::vector<Index>& v) { return std::vector<double>(v.begin(), v.end()); };
  panel(a.counts, b.counts, "Library size", "counts per cell");
  panel(numbers(a.detected), numbers(b.detected), "Complexity", "genes with a count, per cell");
  g.draw(path);
}

/// All pictures of a run, in a folder that is there: their paths.
inline std::vector<std::string> draw_all(const std::string& folder, const lc::History& autoencoder, const lc::History& flow,
                                         const lc::LatentTable& encoded, const lc::CellTable& real, const lc::CellTable& made,
                                         const std::string& label, const std::string& batch) {
  std::vector<std::string> drawn;
  const auto path = [&](const char* name) { return drawn.emplace_back(folder + "/" + name); };
  const lc::Categorical real_label = real.obs(label);
  loss_curves(path("loss_curves.png"), autoencoder, flow);
  std::optional<lc::Categorical> batches;
  if (!batch.empty()) batches = encoded.cell_columns.labels(batch);
  latents(path("latents.png"), encoded.mean, encoded.cell_columns.labels(label), label, batches ? &*batches : nullptr, batch);
  real_and_generated(path("real_and_generated.png"), real.counts, real_label, made.counts, made.obs(label), label);
  mean_variance(path("mean_variance.png"), real.counts, made.counts);
  zeros_per_gene(path("zeros_per_gene.png"), real.counts, made.counts);
  library_sizes(path("library_sizes.png"), real.counts, made.counts);
  return drawn;
}

}  // namespace plots
