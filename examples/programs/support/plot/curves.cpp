#include "curves.hpp"

#include <algorithm>
#include <cmath>

#include <latentcell/core/median.hpp>

namespace plots {

namespace {

// What a stage minimises, where its name says so.
std::string loss_of(const std::string& stage) {
  if (stage.rfind("autoencoder", 0) == 0 || stage.rfind("mapping", 0) == 0) return "negative ELBO (nats per cell)";
  if (stage.rfind("flow", 0) == 0 || stage == "controls" || stage == "velocity")
    return "mean squared error of the velocity";
  return "loss";
}

}  // namespace

void loss_panel(Gnuplot& g, const Box& box, const lc::StageReport& stage) {
  Points loss, validation;
  double low = INFINITY, high = -INFINITY;
  for (const lc::EpochReport& e : stage.history.epochs) {
    if (std::isfinite(e.loss)) loss.push_back({double(e.epoch), e.loss});
    if (std::isfinite(e.validation)) validation.push_back({double(e.epoch), e.validation});
    for (const double v : {e.loss, e.validation}) {
      if (std::isfinite(v)) low = std::min(low, v), high = std::max(high, v);
    }
  }
  std::string words = lc::text(stage.history.epochs.size(), " epochs");
  if (!loss.empty()) words += lc::text(", last loss ", loss.back()[1]);
  if (validation.empty()) words += ", no validation cells";
  std::vector<KeyEntry> key{{"training cells", real_color, Mark::line}};
  if (!validation.empty()) key.push_back({"validation cells", generated_color, Mark::dashes});
  g.panel(box, {stage.name, "epoch", loss_of(stage.name), words, key});
  g.line("set grid ytics linetype 1 linewidth 1 linecolor rgb '#e8e8e8'");
  if (low > 0 && high / low > 20) g.line("set logscale y");
  g.line("set xrange [0:", std::max<std::size_t>(2, stage.history.epochs.size() + 1), "]");
  note_if_empty(g, loss);
  const char* style = loss.size() < 60 ? " with linespoints pointtype 7 pointsize 0.6" : " with lines";
  g.line("plot ", g.data(loss), " using 1:2", style, " linewidth 2 linecolor rgb '", real_color, "'",
         validation.empty() ? std::string()
                            : lc::text(", ", g.data(validation), " using 1:2 with lines dashtype 2 linewidth 2 ",
                                       "linecolor rgb '", generated_color, "'"));
}

void loss_curves(const std::string& path, const std::vector<lc::StageReport>& stages) {
  std::vector<const lc::StageReport*> trained;
  for (const lc::StageReport& stage : stages) {
    if (!stage.history.epochs.empty()) trained.push_back(&stage);
  }
  const std::size_t shown = std::min<std::size_t>(12, trained.size()), columns = std::min<std::size_t>(4, shown);
  if (shown == 0) return;
  attempt(path, [&] {
    const std::size_t rows = (shown + columns - 1) / columns;
    Gnuplot g(int(560 * columns), int(520 * rows));
    for (std::size_t k = 0; k < shown; ++k) {
      const double left = 100 + 560.0 * double(k % columns), bottom = 70 + 520.0 * double(rows - 1 - k / columns);
      loss_panel(g, {left, bottom, 440, 360}, *trained[k]);
    }
    g.draw(path);
    if (shown < trained.size()) note(lc::text(path, " shows the first ", shown, " of ", trained.size(), " stages"));
  });
}

LogBins::LogBins(const std::vector<const std::vector<double>*>& sets) {
  double low = INFINITY, high = 0;
  for (const auto* set : sets) {
    for (const double v : *set) {
      if (v > 0) low = std::min(low, v), high = std::max(high, v);
    }
  }
  if (high <= 0) low = 1, high = 10;
  from = std::log(low) - 0.05;
  step = (std::log(high) + 0.05 - from) / count;
}

double LogBins::edge(int i) const { return std::exp(from + step * double(i)); }

Points LogBins::outline(const std::vector<double>& values) const {
  std::vector<double> bins(count, 0.0);
  for (const double v : values) {
    if (v <= 0) continue;
    const double at = std::clamp((std::log(v) - from) / step, 0.0, double(count - 1));
    bins[std::size_t(at)] += 100.0 / double(values.size());
  }
  Points out{{edge(0), 0}};
  for (int i = 0; i < count; ++i) {
    out.push_back({edge(i), bins[std::size_t(i)]});
    out.push_back({edge(i + 1), bins[std::size_t(i)]});
  }
  out.push_back({edge(count), 0});
  return out;
}

namespace {

// Tick marks at 1, 2 and 5 times the powers of ten.
std::string ticks_of(const LogBins& bins) {
  std::string out;
  const double first = bins.edge(0), last = bins.edge(LogBins::count);
  for (double decade = std::pow(10.0, std::floor(std::log10(first))); decade < last; decade *= 10) {
    for (const double tick : {decade, 2 * decade, 5 * decade}) {
      if (tick >= first && tick <= last) out += lc::text(out.empty() ? "" : ", ", "'", std::llround(tick), "' ", tick);
    }
  }
  return out;
}

}  // namespace

void histogram_panel(Gnuplot& g, const Box& box, const Titles& titles, const std::vector<double>& real,
                     const std::vector<double>& generated) {
  const LogBins bins({&real, &generated});
  Titles words = titles;
  const auto entry = [](const std::string& name, const char* color, const std::vector<double>& values) {
    return KeyEntry{lc::text(name, ", median ", values.empty() ? "none" : grouped(std::llround(lc::median(values)))),
                    color, Mark::line};
  };
  words.key = {entry("real", real_color, real), entry("generated", generated_color, generated)};
  g.panel(box, words);
  g.line("set grid ytics linetype 1 linewidth 1 linecolor rgb '#e8e8e8'\nset logscale x\nset yrange [0:*]");
  g.line("set style fill transparent solid 0.18 noborder\nset xrange [", bins.edge(0), ":", bins.edge(LogBins::count),
         "]");
  if (const std::string ticks = ticks_of(bins); !ticks.empty()) g.line("set xtics (", ticks, ")");
  const auto curve = [&](const std::vector<double>& values, const char* color) {
    const std::string file = g.data(bins.outline(values));
    return lc::text(file, " using 1:2 with filledcurves y1=0 linecolor rgb '", color, "', ", file,
                    " using 1:2 with lines linewidth 2 linecolor rgb '", color, "'");
  };
  g.line("plot ", curve(real, real_color), ", ", curve(generated, generated_color));
}

}  // namespace plots
