#include "spatial.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <latentcell/core/median.hpp>

namespace plots {

namespace {

double gene_correlation(const lc::Matrix<float>& x, const lc::Matrix<float>& truth, Index gene) {
  Points pairs;
  for (Index i = 0; i < truth.rows(); ++i) pairs.push_back({double(x(i, gene)), double(truth(i, gene))});
  return correlation(pairs);
}

// One gene over the tissue.
struct TissueMap {
  const lc::Matrix<float>&at, &values;  // (N, 2), (N, G)
  Index gene;
  const std::vector<Index>& rows;  // to show
  double end;                      // of the colours
};

void begin_map(Gnuplot& g, const Box& box, const Titles& titles, const Frame& frame) {
  g.bare_panel(box, titles);
  set_ranges(g, frame);
}

void draw_map(Gnuplot& g, const TissueMap& of) {
  Points points;
  for (const Index i : of.rows)
    points.push_back({double(of.at(i, 0)), double(of.at(i, 1)), double(of.values(i, of.gene))});
  note_if_empty(g, points);
  g.line("set cbrange [0:", of.end, "]\nplot ", g.data(points), " using 1:2:3 with points pointtype 7 pointsize ",
         point_size(2 * points.size()), " linecolor palette");
}

// 1, 2 or 5 times a power of ten, about a quarter of a length.
double round_length(double length) {
  const double power = std::pow(10.0, std::floor(std::log10(std::max(length, 1e-9) / 4)));
  const double times = length / 4 / power;
  return power * (times < 2 ? 1 : times < 5 ? 2 : 5);
}

void scale_bar(Gnuplot& g, const Frame& frame) {
  const double length = round_length(frame.right - frame.left), x = frame.left + 0.02 * (frame.right - frame.left);
  const double y = -8 / frame.height;  // below the tissue
  g.line("set arrow from first ", fixed(x, 6), ", graph ", y, " to first ", fixed(x + length, 6), ", graph ", y,
         " nohead linewidth 3 linecolor rgb '#222222'\nset label '", lc::text(length),
         " mean nearest-neighbour distances' at first ", fixed(x, 6), ", graph ", y - 14 / frame.height,
         " left font 'Sans,10' textcolor rgb '#222222'");
}

// The end of a gene's colours: beyond it lie the largest values of one cell in a hundred.
double color_end(const lc::Matrix<float>& truth, Index gene) {
  std::vector<float> values;
  for (Index i = 0; i < truth.rows(); ++i) values.push_back(truth(i, gene));
  const double end = double(lc::sample_quantile(values, 0.99));
  return std::max(end > 0 ? end : double(truth.col(gene).maxCoeff()), 0.1);
}

// Reference cells of the same slice, or of the nearest one where it has none.
struct ShownSlice {
  int slice;
  std::vector<Index> rows;
};

ShownSlice nearest_slice(const ImputedGenes& of) {
  ShownSlice out{of.slice, {}};
  int nearest = 1 << 20;
  for (const int k : of.reference_slice) {
    if (std::abs(k - of.slice) < nearest) nearest = std::abs(k - of.slice), out.slice = k;
  }
  for (Index i = 0; i < of.reference_at.rows(); ++i) {
    if (of.reference_slice[lc::to_size(i)] == out.slice) out.rows.push_back(i);
  }
  return out;
}

}  // namespace

std::vector<RankedGene> rank_genes(const ImputedGenes& of) {
  std::vector<RankedGene> out;
  for (Index k = 0; k < of.truth.cols(); ++k) {
    if (of.truth.rows() > 1 && of.truth.col(k).minCoeff() < of.truth.col(k).maxCoeff())
      out.push_back({k, gene_correlation(of.predicted, of.truth, k)});
  }
  std::stable_sort(out.begin(), out.end(), [](const RankedGene& a, const RankedGene& b) { return a.r > b.r; });
  return out;
}

void imputed_genes(const std::string& folder, const ImputedGenes& of) {
  attempt("genes", [&] {
    const std::vector<RankedGene> order = rank_genes(of);
    LATENTCELL_REQUIRE(!order.empty(), "no gene of the held-out cells varies");
    const ShownSlice reference = nearest_slice(of);
    const std::string given = lc::text("given, ", grouped((long long)(reference.rows.size())), " locations",
                                       reference.slice != of.slice ? lc::text(" of slice ", reference.slice + 1) : "");
    std::vector<Index> held(lc::to_size(of.at.rows()));
    std::iota(held.begin(), held.end(), Index(0));
    const std::size_t rows = std::min<std::size_t>(3, order.size());
    const Frame own = frame_of({&of.reference_at, &of.at}, {0, 0, 1, 1}, Units::own);
    const double wide = 330, tall = std::clamp(wide * (own.high - own.low) / (own.right - own.left), 160.0, 480.0);
    Gnuplot g(1560, int(double(rows) * (tall + 130) + 10));
    viridis(g);
    for (std::size_t row = 0; row < rows; ++row) {
      const std::size_t at = rows == 1 ? 0 : row * (order.size() - 1) / (rows - 1);
      const Index gene = order[at].gene;
      const std::string place = row == 0 ? "best" : row + 1 == rows ? "worst" : "median";
      const double bottom = 50 + double(rows - 1 - row) * (tall + 130);
      const auto box = [&](int column) { return Box{30 + double(column) * (wide + 30), bottom, wide, tall}; };
      const Frame frame = frame_of({&of.reference_at, &of.at}, box(0), Units::equal);
      const double end = color_end(of.truth, gene);
      const std::string n = lc::text(grouped((long long)(held.size())), " locations");
      begin_map(g, box(0),
                {lc::text(of.genes[lc::to_size(gene)], ": ", place, " of ", order.size(), " genes"), "", "", given},
                frame);
      scale_bar(g, frame);
      draw_map(g, {of.reference_at, of.reference, gene, reference.rows, end});
      begin_map(g, box(1), {"held out", "", "", n}, frame);
      if (row + 1 == rows)
        g.line("set label 104 'colours end at the 99th percentile of the held-out values' at ",
               g.at_page(box(1).left, bottom - 22), " left font 'Sans,10' textcolor rgb '#555555'");
      draw_map(g, {of.at, of.truth, gene, held, end});
      begin_map(g, box(2), {"predicted by latentcell", "", "", lc::text("r ", fixed(order[at].r, 2), ", ", n)}, frame);
      draw_map(g, {of.at, of.predicted, gene, held, end});
      const double baseline = gene_correlation(of.baseline, of.truth, gene);
      begin_map(g, box(3),
                {lc::text("baseline: ", of.baseline_name), "", "", lc::text("r ", fixed(baseline, 2), ", ", n)}, frame);
      color_bar(g, {box(3).left + wide + 16, bottom, 14, tall}, "log1p of counts");
      draw_map(g, {of.at, of.baseline, gene, held, end});
    }
    g.draw(folder + "/genes");
  });
}

}  // namespace plots
