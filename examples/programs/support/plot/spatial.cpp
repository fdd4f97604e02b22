#include "spatial.hpp"

namespace plots {

double gene_correlation(const lc::Matrix<float>& x, const lc::Matrix<float>& truth, Index gene) {
  std::vector<double> a, b;
  for (Index i = 0; i < truth.rows(); ++i) {
    a.push_back(double(x(i, gene)));
    b.push_back(double(truth(i, gene)));
  }
  const auto flat = [](const std::vector<double>& v) {
    return std::all_of(v.begin(), v.end(), [&](double u) { return u == v.front(); });
  };
  return flat(a) || flat(b) ? 0.0 : lc::metric::pearson(a, b);
}

void tissue_panel(Gnuplot& g, const std::string& title, const lc::Matrix<float>& at, const lc::Matrix<float>& values,
                  Index gene, const std::vector<Index>& rows) {
  Points points;
  for (const Index i : rows) points.push_back({double(at(i, 0)), double(at(i, 1)), double(values(i, gene))});
  g.line("set title ", quote(title), " noenhanced");
  note_if_empty(g, points);
  g.line("plot ", g.data(points), " using 1:2:3 with points pointtype 7 pointsize ",
         points.size() > 3000  ? "0.35"
         : points.size() > 800 ? "0.6"
                               : "1.1",
         " linecolor palette notitle");
}

void imputed_genes(const std::string& folder, const ImputedGenes& of) {
  std::vector<std::pair<double, Index>> order;
  for (Index k = 0; k < of.truth.cols(); ++k) order.emplace_back(gene_correlation(of.predicted, of.truth, k), k);
  std::sort(order.rbegin(), order.rend());
  // Reference cells of the same slice, or of the nearest one where it has none.
  int shown = of.slice, nearest = 1 << 20;
  for (const int k : of.reference_slice) {
    if (std::abs(k - of.slice) < nearest) nearest = std::abs(k - of.slice), shown = k;
  }
  std::vector<Index> reference, held(lc::to_size(of.at.rows()));
  for (Index i = 0; i < of.reference_at.rows(); ++i) {
    if (of.reference_slice[lc::to_size(i)] == shown) reference.push_back(i);
  }
  std::iota(held.begin(), held.end(), Index(0));
  const std::size_t rows = std::min<std::size_t>(3, order.size());
  Gnuplot g(1560, int(420 * rows + 20));
  g.line("set multiplot layout ", rows,
         ",4 margins 0.03,0.95,0.05,0.94 spacing 0.02,0.06\nunset border\nunset tics\nunset key\nset size ratio -1");
  viridis(g);
  const Cloud a{of.reference_at}, b{of.at};
  same_ranges(g, {&a, &b});
  for (std::size_t row = 0; row < rows; ++row) {
    const Index gene = order[rows == 1 ? 0 : row * (order.size() - 1) / (rows - 1)].second;
    g.line("set cbrange [0:", std::max(0.1, 0.9 * double(of.truth.col(gene).maxCoeff())), "]\nunset colorbox");
    const auto with_r = [&](const char* method, const lc::Matrix<float>& x) {
      char words[80];
      std::snprintf(words, sizeof words, "%s, r %.2f", method, gene_correlation(x, of.truth, gene));
      return std::string(words);
    };
    tissue_panel(g, of.genes[lc::to_size(gene)] + ": reference", of.reference_at, of.reference, gene, reference);
    tissue_panel(g, "held out", of.at, of.truth, gene, held);
    tissue_panel(g, with_r("latentcell", of.predicted), of.at, of.predicted, gene, held);
    g.line("set colorbox");
    tissue_panel(g, with_r("kriging", of.kriged), of.at, of.kriged, gene, held);
  }
  g.draw(folder + "/genes.png");
}

}  // namespace plots
