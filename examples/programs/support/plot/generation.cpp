#include "generation.hpp"

namespace plots {

void latents(const std::string& path, const lc::Matrix<float>& z, const lc::Categorical& label,
             const std::string& label_name, const lc::Categorical* batch_covariate,
             const std::string& batch_covariate_name) {
  const Plane plane = plane_of(z);
  const std::vector<Index> rows = rows_to_draw(z.rows(), 6000);
  Cloud cloud{plane.project(lc::view(z)), label, plane.axis("latent ", 1), plane.axis("latent ", 2)};
  const Legend by_label({&label});
  const Legend by_batch_covariate(batch_covariate == nullptr ? std::vector<const lc::Categorical*>{}
                                                             : std::vector<const lc::Categorical*>{batch_covariate});
  Gnuplot g(1200, batch_covariate == nullptr ? 760 : 1100);
  g.line("set multiplot");
  const double height = batch_covariate == nullptr ? 1.0 : 0.5;
  const auto row = [&](const Legend& legend, const std::string& name, double bottom) {
    g.line("set origin 0,", bottom, "\nset size 0.64,", height, "\n", Gnuplot::axes_on, "\nunset key");
    axes(g, lc::text("Latents of ", z.rows(), " cells by ", name), cloud.x, cloud.y);
    same_ranges(g, {&cloud});
    g.line("plot ", colored_points(g, cloud, legend, rows));
    g.line("set origin 0.64,", bottom, "\nset size 0.36,", height);
    key_panel(g, legend, name);
  };
  row(by_label, label_name, 1.0 - height);
  if (batch_covariate != nullptr) {
    cloud.label = *batch_covariate;
    row(by_batch_covariate, batch_covariate_name, 0.0);
  }
  g.draw(path);
}

void real_and_generated(const std::string& path, const lc::Counts& real, const lc::Categorical& real_label,
                        const lc::Counts& generated, const lc::Categorical& generated_label,
                        const std::string& label_name) {
  const lc::Counts real_logs = logged(real), generated_logs = logged(generated);
  const Plane plane = plane_of(real_logs);
  const Cloud a{plane.project(real_logs), real_label}, b{plane.project(generated_logs), generated_label};
  // Equal numbers, else the larger set looks the more spread.
  const Index shown = std::min<Index>({real.rows(), generated.rows(), 4000});
  const std::vector<Index> rows_a = rows_to_draw(a.at.rows(), shown), rows_b = rows_to_draw(b.at.rows(), shown);
  const Legend legend({&real_label, &generated_label});
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
    both.push_back({double(b.at(q, 0)), double(b.at(q, 1)), color_number(generated_color, 110)});
  }
  g.line("set label 1 '● real' at graph 0,1.035 textcolor rgb '", real_color,
         "'\nset label 2 '● generated' at graph 1,1.035 right textcolor rgb '", generated_color, "'");
  g.line("plot ", g.data(both), " using 1:2:3 with points pointtype 7 pointsize ", shown > 1500 ? "0.5" : "0.7",
         " linecolor rgb variable notitle");
  g.line("unset label");
  key_panel(g, legend, label_name);
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

Points pairs(const std::vector<double>& x, const std::vector<double>& y, double least_y) {
  Points out;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] > 0 && y[i] > least_y) out.push_back({x[i], y[i]});
  }
  return out;
}

void gene_points(Gnuplot& g, const Points& real, const Points& generated, const char* line, const char* line_title) {
  Points both;
  for (Index i : rows_to_draw(Index(real.size() + generated.size()), Index(real.size() + generated.size()))) {
    const std::size_t at = lc::to_size(i);
    const bool is_real = at < real.size();
    both.push_back(is_real ? real[at] : generated[at - real.size()]);
    both.back().push_back(color_number(is_real ? real_color : generated_color, 110));
  }
  const auto entry = [](const char* color, const char* title) {
    return lc::text(", keyentry with points pointtype 7 pointsize 1.3 linecolor rgb '", color, "' title '", title, "'");
  };
  note_if_empty(g, both);
  g.line("plot ", g.data(both), " using 1:2:3 with points pointtype 7 pointsize 0.45 linecolor rgb variable notitle, ",
         line, " with lines dashtype 2 linewidth 2 linecolor rgb '#222222' title '", line_title, "'",
         entry(real_color, "real"), entry(generated_color, "generated"));
}

void mean_variance(const std::string& path, const lc::Counts& real, const lc::Counts& generated) {
  const GeneSummary a = summarize(real), b = summarize(generated);
  Gnuplot g(1300, 680);
  g.line(
      "set multiplot layout 1,2 margins 0.07,0.98,0.12,0.92 spacing 0.1\nset logscale xy\nset format '10^{%T}'\nset "
      "key top left reverse Left\n"
      "set grid linetype 1 linewidth 1 linecolor rgb '#e8e8e8'");
  axes(g, "Each gene: variance against mean", "mean count per cell", "variance of the count");
  gene_points(g, pairs(a.mean, a.variance, 0), pairs(b.mean, b.variance, 0), "x", "variance = mean (Poisson)");
  axes(g, "Each gene: variance, generated against real", "variance in real cells", "variance in generated cells");
  agreement(g, pairs(a.variance, b.variance, 0));
  g.draw(path);
}

void zeros_per_gene(const std::string& path, const lc::Counts& real, const lc::Counts& generated) {
  const GeneSummary a = summarize(real), b = summarize(generated);
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
  agreement(g, both);
  g.draw(path);
}

void library_sizes(const std::string& path, const lc::Counts& real, const lc::Counts& generated) {
  const lc::Totals a = lc::cell_totals(real), b = lc::cell_totals(generated);
  Gnuplot g(1300, 640);
  g.line(
      "set multiplot layout 1,2 margins 0.07,0.98,0.13,0.92 spacing 0.1\nset key top right\n"
      "set grid ytics linetype 1 linewidth 1 linecolor rgb '#e8e8e8'");
  const auto numbers = [](const std::vector<Index>& v) { return std::vector<double>(v.begin(), v.end()); };
  histogram_panel(g, "Library size", "counts per cell", a.counts, b.counts);
  histogram_panel(g, "Complexity", "genes with a count, per cell", numbers(a.detected), numbers(b.detected));
  g.draw(path);
}

void generation(const std::string& folder, const GenerationCells& of, const std::vector<lc::StageReport>& stages) {
  const lc::Categorical real_label = of.real.obs(of.label);
  loss_curves(folder + "/loss_curves.png", stages,
              {"negative ELBO (nats per cell)", "mean squared error of the velocity"});
  std::optional<lc::Categorical> batch_covariate;
  if (!of.batch_covariate.empty()) batch_covariate = of.encoded.cell_columns.labels(of.batch_covariate);
  latents(folder + "/latents.png", of.encoded.mean, of.encoded.cell_columns.labels(of.label), of.label,
          batch_covariate ? &*batch_covariate : nullptr, of.batch_covariate);
  real_and_generated(folder + "/real_and_generated.png", of.real.counts, real_label, of.generated.counts,
                     of.generated.obs(of.label), of.label);
  mean_variance(folder + "/mean_variance.png", of.real.counts, of.generated.counts);
  zeros_per_gene(folder + "/zeros_per_gene.png", of.real.counts, of.generated.counts);
  library_sizes(folder + "/library_sizes.png", of.real.counts, of.generated.counts);
}

}  // namespace plots
