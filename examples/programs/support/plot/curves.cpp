#include "curves.hpp"

namespace plots {

void loss_panel(Gnuplot& g, const lc::StageReport& stage, const std::string& unit) {
  axes(g, stage.name, "epoch", unit);
  Points loss, validation;
  double low = INFINITY, high = -INFINITY;
  for (const lc::EpochReport& e : stage.history.epochs) {
    if (std::isfinite(e.loss)) loss.push_back({double(e.epoch), e.loss});
    if (std::isfinite(e.validation)) validation.push_back({double(e.epoch), e.validation});
    for (const double v : {e.loss, e.validation}) {
      if (std::isfinite(v)) low = std::min(low, v), high = std::max(high, v);
    }
  }
  g.line(low > 0 && high / low > 20 ? "set logscale y" : "unset logscale y");
  g.line("set yrange [*:*]\nset xrange [0:", std::max<std::size_t>(2, stage.history.epochs.size() + 1), "]");
  note_if_empty(g, loss);
  const char* style = loss.size() < 60 ? " with linespoints pointtype 7 pointsize 0.6" : " with lines";
  g.line("plot ", g.data(loss), style, " linewidth 2 linecolor rgb '", real_color, "' title 'training cells'",
         validation.empty() ? std::string()
                            : lc::text(", ", g.data(validation), " with lines dashtype 2 linewidth 2 linecolor rgb '",
                                       generated_color, "' title 'validation cells'"));
}

void loss_curves(const std::string& path, const std::vector<lc::StageReport>& stages,
                 const std::vector<std::string>& units) {
  Gnuplot g(int(600 * std::max<std::size_t>(1, stages.size())), 620);
  g.line("set multiplot layout 1,", std::max<std::size_t>(1, stages.size()),
         " margins 0.08,0.98,0.13,0.9 spacing 0.1\nset grid ytics linetype 1 linewidth 1 linecolor rgb '#e8e8e8'");
  for (std::size_t k = 0; k < stages.size(); ++k) loss_panel(g, stages[k], units.at(k));
  g.draw(path);
}

void histogram_panel(Gnuplot& g, const std::string& title, const std::string& unit, const std::vector<double>& real,
                     const std::vector<double>& generated) {
  const LogBins bins({&real, &generated});
  axes(g, title, unit, "share of the cells (%)");
  g.line("set logscale x\nset yrange [0:*]\nset style fill transparent solid 0.18 noborder\nset xrange [", bins.edge(0),
         ":", bins.edge(LogBins::count), "]\nset xtics (", bins.ticks(), ")");
  const auto curve = [&](const std::vector<double>& values, const char* color, const char* name) {
    const std::string file = g.data(bins.outline(values));
    return lc::text(file, " using 1:2 with filledcurves y1=0 linecolor rgb '", color, "' notitle, ", file,
                    " using 1:2 with lines linewidth 2 linecolor rgb '", color, "' title '", name, "'");
  };
  g.line("plot ", curve(real, real_color, "real"), ", ", curve(generated, generated_color, "generated"));
}

}  // namespace plots
