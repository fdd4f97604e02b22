#include "generation.hpp"

#include <algorithm>
#include <cmath>

#include <latentcell/core/rng.hpp>
#include <latentcell/data/filter.hpp>

namespace plots {

namespace {

constexpr Index most_genes = 10000;  // drawn of each kind

// Real and generated cells by label: two panels with the same axes, colours and places of names, and the key.
struct Pair {
  const Cloud &real, &generated;
  std::string x, y, column, what;
  Index shown;  ///< of each
};

void label_panels(Gnuplot& g, const Pair& of, const Box& first, const Box& second, const Box& key) {
  const Legend legend({&of.real.label, &of.generated.label});
  const Frame frame = frame_of({&of.real.at, &of.generated.at}, first, Units::equal);
  const std::vector<Words> places = label_places({&of.real, &of.generated}, legend, frame);
  for (const Cloud* cloud : {&of.real, &of.generated}) {
    const bool is_real = cloud == &of.real;
    const std::vector<Index> rows = rows_to_draw(cloud->at.rows(), of.shown);
    g.panel(is_real ? first : second, {lc::text(is_real ? "Real " : "Generated ", of.what, " by ", of.column), of.x,
                                       of.y, cells_shown(Index(rows.size()), cloud->at.rows())});
    labelled_cells(g, {*cloud, legend, places, rows}, frame);
  }
  key_panel(g, key, legend, of.column);
}

// Rows of both values where both are positive, in logarithms.
Points both_logs(const std::vector<double>& x, const std::vector<double>& y) {
  Points out;
  for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    if (x[i] > 0 && y[i] > 0) out.push_back({std::log10(x[i]), std::log10(y[i])});
  }
  return out;
}

// Real and generated genes in random order, so that neither hides the other, with a curve of Poisson counts.
void gene_points(Gnuplot& g, const GeneSummary& real, const GeneSummary& generated,
                 std::vector<double> GeneSummary::*value, const char* curve) {
  Points all;
  for (const GeneSummary* of : {&real, &generated}) {
    for (const Index i : rows_to_draw(Index(of->mean.size()), most_genes)) {
      const double mean = of->mean[lc::to_size(i)], v = (of->*value)[lc::to_size(i)];
      if (mean > 0) all.push_back({mean, v, color_number(of == &real ? real_color : generated_color, 110)});
    }
  }
  Points both;
  for (const Index i : rows_to_draw(Index(all.size()), Index(all.size()))) both.push_back(all[lc::to_size(i)]);
  note_if_empty(g, both);
  g.line("plot ", g.data(both), " using 1:2:3 with points pointtype 7 pointsize 0.45 linecolor rgb variable, ", curve,
         " with lines dashtype 2 linewidth 2 linecolor rgb '#222222'");
}

// The least and largest positive number, a little wider.
std::pair<double, double> positive_range(const std::vector<double>& a, const std::vector<double>& b) {
  double low = INFINITY, high = 0;
  for (const std::vector<double>* all : {&a, &b}) {
    for (const double v : *all) {
      if (v > 0) low = std::min(low, v), high = std::max(high, v);
    }
  }
  return high > 0 ? std::pair(low / 1.3, high * 1.3) : std::pair(0.1, 10.0);
}

std::string genes_shown(const GeneSummary& of) {
  const auto all = (long long)(of.mean.size());
  return all > most_genes ? lc::text("; ", grouped(most_genes), " of ", grouped(all), " genes are drawn") : "";
}

const std::vector<KeyEntry> gene_key{{"real", real_color}, {"generated", generated_color}};
const Box left_half{100, 80, 500, 500}, right_half{760, 80, 500, 500};

}  // namespace

void latents(const std::string& path, const Latents& of) {
  const Plane plane = plane_of(of.real);
  const Cloud a{plane.project(lc::view(of.real)), of.real_label},
      b{plane.project(lc::view(of.generated)), of.generated_label};
  Gnuplot g(1800, 700);
  label_panels(g,
               {a, b, plane.axis("latent ", 1), plane.axis("latent ", 2), of.column, "latents",
                std::min<Index>({a.at.rows(), b.at.rows(), 4000})},
               {90, 80, 530, 530}, {720, 80, 530, 530}, {1290, 80, 490, 530});
  g.draw(path);
}

void real_and_generated(const std::string& path, const LabelledCounts& real, const LabelledCounts& generated,
                        const std::string& column) {
  const lc::Counts real_logs = logged(real.counts), generated_logs = logged(generated.counts);
  const Plane plane = plane_of(real_logs);
  const Cloud a{plane.project(real_logs), real.label}, b{plane.project(generated_logs), generated.label};
  // Equal numbers, else the larger set looks the more spread.
  const Index shown = std::min<Index>({a.at.rows(), b.at.rows(), 4000});
  const Box boxes[] = {{90, 760, 530, 530}, {740, 760, 530, 530}, {90, 70, 530, 530}, {740, 70, 530, 530}};
  const std::string x = plane.axis("", 1), y = plane.axis("", 2);
  Gnuplot g(1320, 1370);
  label_panels(g, {a, b, x, y, column, "cells", shown}, boxes[0], boxes[1], boxes[3]);
  const std::vector<ColoredSet> sets{{"real", real_color, a.at, shown}, {"generated", generated_color, b.at, shown}};
  g.panel(boxes[2], {"Both by origin", x, y, lc::text(grouped(shown), " cells of each are drawn"), key_of(sets)});
  set_ranges(g, frame_of({&a.at, &b.at}, boxes[2], Units::equal));
  colored_sets(g, sets);
  g.draw(path);
}

GeneSummary summarize(const lc::Counts& counts) {
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

void mean_variance(const std::string& path, const lc::Counts& real, const lc::Counts& generated) {
  const GeneSummary a = summarize(real), b = summarize(generated);
  Gnuplot g(1320, 700);
  const auto [low, high] = positive_range(a.mean, b.mean);
  g.panel(left_half, {"Each gene: variance against mean", "mean count per cell", "variance of the count",
                      lc::text("dashed: Poisson counts, variance = mean", genes_shown(a)), gene_key});
  grid(g);
  g.line("set logscale xy\nset xrange [", low, ":", high, "]");
  power_ticks(g, "x", low, high);
  const auto [least, most] = positive_range(a.variance, b.variance);
  g.line("set yrange [", least, ":", most, "]");
  power_ticks(g, "y", least, most);
  gene_points(g, a, b, &GeneSummary::variance, "x");
  const Points logs = both_logs(a.variance, b.variance);
  g.panel(right_half,
          {"Each gene's variance: generated against real", "log10 of the variance in real cells",
           "log10 of the variance in generated cells",
           lc::text("r ", fixed(correlation(logs), 3), " of logarithms, ", grouped((long long)(logs.size())), " of ",
                    grouped((long long)(a.mean.size())), " genes vary in both")});
  grid(g);
  set_ranges(g, square_frame(logs, right_half));
  agreement(g, logs, "#444444");
  g.draw(path);
}

void zeros_per_gene(const std::string& path, const lc::Counts& real, const lc::Counts& generated) {
  const GeneSummary a = summarize(real), b = summarize(generated);
  Gnuplot g(1320, 700);
  const auto [low, high] = positive_range(a.mean, b.mean);
  g.panel(left_half,
          {"Each gene: share of zeros against mean", "mean count per cell", "share of cells with a count of zero",
           lc::text("dashed: Poisson counts", genes_shown(a)), gene_key});
  grid(g);
  g.line("set logscale x\nset xrange [", low, ":", high, "]\nset yrange [-0.02:1.02]");
  power_ticks(g, "x", low, high);
  gene_points(g, a, b, &GeneSummary::zeros, "exp(-x)");
  Points both;
  for (std::size_t i = 0; i < std::min(a.zeros.size(), b.zeros.size()); ++i) both.push_back({a.zeros[i], b.zeros[i]});
  g.panel(right_half, {"Each gene's share of zeros: generated against real", "in real cells", "in generated cells",
                       lc::text("r ", fixed(correlation(both), 3), ", ", grouped((long long)(both.size())),
                                " genes; dashed: equal")});
  grid(g);
  set_ranges(g, {-0.02, 1.02, -0.02, 1.02, right_half.width, right_half.height});
  agreement(g, both, "#444444");
  g.draw(path);
}

void library_sizes(const std::string& path, const lc::Counts& real, const lc::Counts& generated) {
  const lc::Totals a = lc::cell_totals(real), b = lc::cell_totals(generated);
  Gnuplot g(1320, 700);
  const auto numbers = [](const std::vector<Index>& v) { return std::vector<double>(v.begin(), v.end()); };
  const std::string cells = lc::text(grouped(real.rows()), " real and ", grouped(generated.rows()), " generated cells");
  histogram_panel(g, left_half, {"Library size", "counts per cell", "share of the cells (%)", cells}, a.counts,
                  b.counts);
  histogram_panel(g, right_half, {"Complexity", "genes with a count, per cell", "share of the cells (%)", cells},
                  numbers(a.detected), numbers(b.detected));
  g.draw(path);
}

void generation(const std::string& folder, const GenerationCells& of) {
  const lc::Counts &real = of.real.counts, &generated = of.generated.counts;
  for (const std::string& column : {of.label, of.batch_covariate}) {
    if (column.empty() || !of.generated.cell_columns.has(column)) continue;
    const std::string name = column == of.label ? "latents" : "latents_by_batch";
    attempt(name, [&] {
      lc::Rng rng(3);  // posterior draws, as the flow is trained on: neither side is the narrower by its making
      latents(folder + "/" + name, {of.encoded.drawn(rng), of.generated.embeddings.at("X_latentcell"),
                                    of.encoded.cell_columns.labels(column), of.generated.obs(column), column});
    });
  }
  attempt("real_and_generated", [&] {
    real_and_generated(folder + "/real_and_generated", {real, of.real.obs(of.label)},
                       {generated, of.generated.obs(of.label)}, of.label);
  });
  attempt("mean_variance", [&] { mean_variance(folder + "/mean_variance", real, generated); });
  attempt("zeros_per_gene", [&] { zeros_per_gene(folder + "/zeros_per_gene", real, generated); });
  attempt("library_sizes", [&] { library_sizes(folder + "/library_sizes", real, generated); });
}

}  // namespace plots
