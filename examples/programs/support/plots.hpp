#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include <latentcell/data/cell_table.hpp>
#include <latentcell/data/filter.hpp>
#include <latentcell/data/latent_table.hpp>
#include <latentcell/kernel/log_normalize.hpp>
#include <latentcell/train/history.hpp>

#include "plot_clouds.hpp"

// Pictures of a run, drawn by gnuplot. Each function writes one PNG file whole or throws std::runtime_error.

namespace plots {

using Points = std::vector<std::vector<double>>;

/// A panel without a point says so; gnuplot would take it for a mistake.
inline void say_if_empty(Gnuplot& g, const Points& points) {
  g.line(points.empty()
             ? "set xrange [0.1:1]\nset yrange [0.1:1]\nset label 99 'nothing to show' at graph 0.5,0.5 center"
             : "unset label 99");
}

/// Mean loss of each epoch, one panel a stage; the validation loss where there is one.
inline void loss_curves(const std::string& path, const lc::History& autoencoder, const lc::History& flow) {
  Gnuplot g(1200, 620);
  g.line(
      "set multiplot layout 1,2 margins 0.08,0.98,0.13,0.9 spacing 0.1\nset grid ytics linetype 1 linewidth 1 "
      "linecolor rgb '#e8e8e8'");
  const auto panel = [&](const lc::History& h, const char* title, const char* unit) {
    axes(g, title, "epoch", unit);
    Points loss, watched;
    double low = INFINITY, high = -INFINITY;
    for (const lc::EpochReport& e : h.epochs) {
      if (std::isfinite(e.loss)) loss.push_back({double(e.epoch), e.loss});
      if (std::isfinite(e.validation)) watched.push_back({double(e.epoch), e.validation});
      for (double v : {e.loss, e.validation}) {
        if (std::isfinite(v)) low = std::min(low, v), high = std::max(high, v);
      }
    }
    g.line(low > 0 && high / low > 20 ? "set logscale y" : "unset logscale y");
    g.line("set yrange [*:*]\nset xrange [0:", std::max<std::size_t>(2, h.epochs.size() + 1), "]");
    say_if_empty(g, loss);
    const char* style = loss.size() < 60 ? " with linespoints pointtype 7 pointsize 0.6" : " with lines";
    g.line("plot ", g.data(loss), style, " linewidth 2 linecolor rgb '", real_color, "' title 'training cells'",
           watched.empty() ? std::string()
                           : lc::text(", ", g.data(watched), " with lines dashtype 2 linewidth 2 linecolor rgb '",
                                      made_color, "' title 'cells kept out'"));
  };
  panel(autoencoder, "Stage 1: autoencoder", "negative ELBO (nats per cell)");
  panel(flow, "Stage 2: flow", "mean squared error of the velocity");
  g.draw(path);
}

/// Latents in their first two PCs, coloured by label and, where there are batches, by batch.
inline void latents(const std::string& path, const lc::Matrix<float>& z, const lc::Categorical& label,
                    const std::string& label_name, const lc::Categorical* batch, const std::string& batch_name) {
  const Plane plane = plane_of(z);
  const std::vector<Index> rows = rows_to_draw(z.rows(), 6000);
  Cloud cloud{plane.project(lc::view(z)), label, plane.axis("latent ", 1), plane.axis("latent ", 2)};
  const Legend by_label({&label});
  const Legend by_batch(batch == nullptr ? std::vector<const lc::Categorical*>{}
                                         : std::vector<const lc::Categorical*>{batch});
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
                               const lc::Counts& made, const lc::Categorical& made_label,
                               const std::string& label_name) {
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
  Points both;
  for (Index i = 0; i < shown; ++i) {
    const Index p = rows_a[lc::to_size(i)], q = rows_b[lc::to_size(i)];
    both.push_back({double(a.at(p, 0)), double(a.at(p, 1)), color_number(real_color, 110)});
    both.push_back({double(b.at(q, 0)), double(b.at(q, 1)), color_number(made_color, 110)});
  }
  g.line("set label 1 '● real' at graph 0,1.035 textcolor rgb '", real_color,
         "'\nset label 2 '● generated' at graph 1,1.035 right textcolor rgb '", made_color, "'");
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
inline Points pairs(const std::vector<double>& x, const std::vector<double>& y, double least_y) {
  Points out;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] > 0 && y[i] > least_y) out.push_back({x[i], y[i]});
  }
  return out;
}

// Real and generated genes in random order, so that neither hides the other.
inline void gene_points(Gnuplot& g, const Points& real, const Points& made, const char* line, const char* line_title) {
  Points both;
  for (Index i : rows_to_draw(Index(real.size() + made.size()), Index(real.size() + made.size()))) {
    const std::size_t at = lc::to_size(i);
    const bool is_real = at < real.size();
    both.push_back(is_real ? real[at] : made[at - real.size()]);
    both.back().push_back(color_number(is_real ? real_color : made_color, 110));
  }
  const auto entry = [](const char* color, const char* title) {
    return lc::text(", keyentry with points pointtype 7 pointsize 1.3 linecolor rgb '", color, "' title '", title, "'");
  };
  say_if_empty(g, both);
  g.line("plot ", g.data(both), " using 1:2:3 with points pointtype 7 pointsize 0.45 linecolor rgb variable notitle, ",
         line, " with lines dashtype 2 linewidth 2 linecolor rgb '#222222' title '", line_title, "'",
         entry(real_color, "real"), entry(made_color, "generated"));
}

/// Names points in the given order, beside and a little below them, until `most` have one; a name that would cover
/// another is left out. For a panel about 640 x 600 pixels wide whose axes fit the points.
inline void name_points(Gnuplot& g, const Points& points, const std::vector<Index>& order,
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

inline void agreement(Gnuplot& g, const Points& points, const char* diagonal) {
  say_if_empty(g, points);
  g.line("plot ", g.data(points),
         " using 1:2 with points pointtype 7 pointsize 0.45 linecolor rgb '#a0444444' notitle, ", diagonal,
         " with lines dashtype 2 linewidth 2 linecolor rgb '#222222' title 'equal'");
}

/// Variance against mean of each gene's counts, and generated against real variance.
inline void mean_variance(const std::string& path, const lc::Counts& real, const lc::Counts& made) {
  const GeneSummary a = summarize(real), b = summarize(made);
  Gnuplot g(1300, 680);
  g.line(
      "set multiplot layout 1,2 margins 0.07,0.98,0.12,0.92 spacing 0.1\nset logscale xy\nset format '10^{%T}'\nset "
      "key top left reverse Left\n"
      "set grid linetype 1 linewidth 1 linecolor rgb '#e8e8e8'");
  axes(g, "Each gene: variance against mean", "mean count per cell", "variance of the count");
  gene_points(g, pairs(a.mean, a.variance, 0), pairs(b.mean, b.variance, 0), "x", "variance = mean (Poisson)");
  axes(g, "Each gene: variance, generated against real", "variance in real cells", "variance in generated cells");
  agreement(g, pairs(a.variance, b.variance, 0), "x");
  g.draw(path);
}

/// Share of cells without a count of a gene against its mean, and generated against real share.
inline void zeros_per_gene(const std::string& path, const lc::Counts& real, const lc::Counts& made) {
  const GeneSummary a = summarize(real), b = summarize(made);
  Gnuplot g(1300, 680);
  g.line(
      "set multiplot layout 1,2 margins 0.07,0.98,0.12,0.92 spacing 0.1\nset key bottom left reverse Left\n"
      "set grid linetype 1 linewidth 1 linecolor rgb '#e8e8e8'\nset logscale x\nset format x '10^{%T}'\nset yrange "
      "[-0.02:1.02]");
  axes(g, "Each gene: share of zeros against mean", "mean count per cell", "share of cells with a count of zero");
  gene_points(g, pairs(a.mean, a.zeros, -1), pairs(b.mean, b.zeros, -1), "exp(-x)", "expected of Poisson counts");
  g.line("unset logscale x\nset format x '%g'\nset xrange [-0.02:1.02]\nset key top left");
  axes(g, "Each gene: share of zeros, generated against real", "share of zeros in real cells",
       "share of zeros in generated cells");
  Points both;
  for (std::size_t i = 0; i < std::min(a.zeros.size(), b.zeros.size()); ++i) both.push_back({a.zeros[i], b.zeros[i]});
  agreement(g, both, "x");
  g.draw(path);
}

/// Histograms over the cells: all counts, and genes with a count.
inline void library_sizes(const std::string& path, const lc::Counts& real, const lc::Counts& made) {
  const lc::Totals a = lc::cell_totals(real), b = lc::cell_totals(made);
  Gnuplot g(1300, 640);
  g.line(
      "set multiplot layout 1,2 margins 0.07,0.98,0.13,0.92 spacing 0.1\nset key top right\nset yrange [0:*]\n"
      "set grid ytics linetype 1 linewidth 1 linecolor rgb '#e8e8e8'\nset style fill transparent solid 0.18 "
      "noborder\nset logscale x");
  const auto panel = [&](const std::vector<double>& x, const std::vector<double>& y, const char* title,
                         const char* unit) {
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
      Points points{{std::exp(from), 0}};
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
        if (tick >= lowest && tick <= highest)
          ticks += lc::text(ticks.empty() ? "" : ", ", "'", std::llround(tick), "' ", tick);
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
inline std::vector<std::string> draw_all(const std::string& folder, const lc::History& autoencoder,
                                         const lc::History& flow, const lc::LatentTable& encoded,
                                         const lc::CellTable& real, const lc::CellTable& made, const std::string& label,
                                         const std::string& batch) {
  std::vector<std::string> drawn;
  const auto path = [&](const char* name) { return drawn.emplace_back(folder + "/" + name); };
  const lc::Categorical real_label = real.obs(label);
  loss_curves(path("loss_curves.png"), autoencoder, flow);
  std::optional<lc::Categorical> batches;
  if (!batch.empty()) batches = encoded.cell_columns.labels(batch);
  latents(path("latents.png"), encoded.mean, encoded.cell_columns.labels(label), label, batches ? &*batches : nullptr,
          batch);
  real_and_generated(path("real_and_generated.png"), real.counts, real_label, made.counts, made.obs(label), label);
  mean_variance(path("mean_variance.png"), real.counts, made.counts);
  zeros_per_gene(path("zeros_per_gene.png"), real.counts, made.counts);
  library_sizes(path("library_sizes.png"), real.counts, made.counts);
  return drawn;
}

}  // namespace plots
