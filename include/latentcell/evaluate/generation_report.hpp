#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>
#include <latentcell/metric/memorization.hpp>

namespace latentcell {

/// How near a set of cells comes to real ones: one row of the table. A number without its floors beside it says
/// nothing. NaN where it could not be told.
struct GenerationScores {
  static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

  // In principal components of log1p(CP10K).
  double w2 = unknown;                ///< exact 2-Wasserstein distance
  double sliced_w2 = unknown;         ///< sliced 2-Wasserstein distance
  double mmd = unknown;               ///< squared MMD, unbiased: around 0, also below, for cells of one law
  double energy = unknown;            ///< energy distance, unbiased
  double nearest_neighbor = unknown;  ///< leave-one-out 1-NN accuracy, 0.5 at best
  double coverage = unknown;          ///< share of real neighborhoods with a judged cell inside
  double density = unknown;           ///< real neighborhoods around a judged cell, 1 at best
  double silhouette = unknown;        ///< of the labels; nearer to that of fresh real cells is better
  double label_accuracy = unknown;    ///< share of labels that a classifier trained on real cells finds; likewise
  double types_covered = unknown;     ///< share of types whose share, by that classifier, is at least half the real one
  // In genes, on log1p(CP10K).
  double auc = unknown;               ///< of a random forest that tells the cells from real ones, 0.5 at best
  double mean_r = unknown;            ///< correlation of the genes' means
  double variance_r = unknown;        ///< correlation of the genes' variances
  double correlation = unknown;       ///< agreement of the gene-gene correlations of the most variable genes
  double zeros = unknown;             ///< share of zeros, judged cells minus real ones
  double gene_wasserstein = unknown;  ///< mean over genes of the 1-Wasserstein distance
};

/// Names and values of a judgement, for tables and JSON.
inline std::vector<std::pair<std::string, double>> entries(const GenerationScores& j) {
  return {{"w2", j.w2},
          {"sliced_w2", j.sliced_w2},
          {"mmd", j.mmd},
          {"energy", j.energy},
          {"nearest_neighbor", j.nearest_neighbor},
          {"coverage", j.coverage},
          {"density", j.density},
          {"auc", j.auc},
          {"mean_r", j.mean_r},
          {"variance_r", j.variance_r},
          {"correlation", j.correlation},
          {"zeros", j.zeros},
          {"gene_wasserstein", j.gene_wasserstein},
          {"silhouette", j.silhouette},
          {"label_accuracy", j.label_accuracy},
          {"types_covered", j.types_covered}};
}

/// What is said of one class. Coverages are among the cells of the class, NaN where it has too few.
struct ClassScores {
  std::string level;
  Index train = 0;                                    ///< training cells
  Index judged = 0;                                   ///< real cells it is compared with
  Index generated = 0;                                ///< generated cells there are
  double coverage = GenerationScores::unknown;        ///< of generated cells
  double coverage_fresh = GenerationScores::unknown;  ///< of fresh real cells
  double accuracy = GenerationScores::unknown;        ///< share of generated cells that the classifier gives this label
  double accuracy_fresh = GenerationScores::unknown;  ///< the same of fresh real cells
};

/// A class's numbers by the names they have in a report.
inline std::vector<std::pair<std::string, double>> entries(const ClassScores& c) {
  return {{"training_cells", double(c.train)},       {"judged_cells", double(c.judged)},
          {"generated_cells", double(c.generated)},  {"coverage", c.coverage},
          {"coverage_fresh", c.coverage_fresh},      {"label_accuracy", c.accuracy},
          {"label_accuracy_fresh", c.accuracy_fresh}};
}

/// Generated cells beside the floors: fresh real cells are the best possible, the others what to be better than.
struct JudgeReport {
  GenerationScores generated;
  GenerationScores fresh_real;      ///< other real cells that were not trained on
  GenerationScores class_gaussian;  ///< a Gaussian per class in the components, and Poisson counts around its points
  GenerationScores class_negative_binomial;  ///< independent negative binomials per class
  GenerationScores vae_prior;                ///< the autoencoder alone, from its prior; NaN where not given
  metric::Memorization memorization;
  std::vector<ClassScores> classes;
  std::vector<std::string> missing;  ///< classes of real cells that no generated cell has; they are in no number above
  std::vector<std::string> notes;    ///< what was left out or repeated, a line each
  Index cells = 0;                   ///< real cells in the comparison, as many as of each floor and of generated ones
  Index genes = 0;
  Index components = 0;
};

/// The rows of the table in order. The prior only where it was given.
struct JudgeRow {
  const char* name;
  const GenerationScores* judgement;
};
inline std::vector<JudgeRow> table_rows(const JudgeReport& report) {
  std::vector<JudgeRow> out = {{"fresh real cells (best possible)", &report.fresh_real},
                               {"class-wise Gaussian in PCs", &report.class_gaussian},
                               {"class-wise independent NB", &report.class_negative_binomial},
                               {"VAE sampled from its prior", &report.vae_prior},
                               {"generated cells", &report.generated}};
  if (std::isnan(report.vae_prior.w2)) out.erase(out.begin() + 3);
  return out;
}

namespace detail {

inline std::string fixed(double value, int digits, const char* plus = "") {
  if (std::isnan(value)) return "-";
  char buffer[400];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, digits);
  return (value >= 0 ? plus : "") + std::string(buffer, end.ptr);
}

// Cells of text, the first column flush left, the others flush right.
inline std::string aligned(const std::vector<std::vector<std::string>>& lines) {
  std::vector<std::size_t> width;
  for (const auto& line : lines) {
    width.resize(std::max(width.size(), line.size()), 0);
    for (std::size_t c = 0; c < line.size(); ++c) width[c] = std::max(width[c], line[c].size());
  }
  std::string out;
  for (const auto& line : lines) {
    for (std::size_t c = 0; c < line.size(); ++c) {
      const std::string blanks(width[c] - line[c].size(), ' ');
      out += c == 0 ? line[c] + blanks : "  " + blanks + line[c];
    }
    out += '\n';
  }
  return out;
}

}  // namespace detail

/// The report as a plain-text table: a line for each floor and for the generated cells, then what is said of copies.
inline std::string table(const JudgeReport& report) {
  using detail::fixed;
  std::vector<std::vector<std::string>> lines = {
      {"", "W2", "MMD x1e3", "1-NN", "coverage", "density", "AUC", "gene means r", "corr", "zeros", "label accuracy"}};
  for (const JudgeRow& row : table_rows(report)) {
    const GenerationScores& j = *row.judgement;
    lines.push_back({row.name, fixed(j.w2, 2), fixed(1e3 * j.mmd, 1), fixed(j.nearest_neighbor, 3),
                     fixed(j.coverage, 3), fixed(j.density, 2), fixed(j.auc, 3), fixed(j.mean_r, 4),
                     fixed(j.correlation, 3), fixed(j.zeros, 3, "+"), fixed(j.label_accuracy, 3)});
  }
  const metric::Memorization& m = report.memorization;
  return detail::aligned(lines) +
         text("nearest training cell: median distance ", fixed(m.generated, 2), " generated, ", fixed(m.held_back, 2),
              " held back; ", fixed(100 * m.nearer_share, 1),
              " % of generated cells are nearer than 95 % of the held-back ones (5 % without copies)\n");
}

/// The classes of the report as a plain-text table, missing ones last.
inline std::string class_table(const JudgeReport& report) {
  using detail::fixed;
  std::vector<std::vector<std::string>> lines = {
      {"class", "trained on", "judged on", "generated", "coverage", "(fresh real)", "label accuracy", "(fresh real)"}};
  for (const ClassScores& c : report.classes) {
    lines.push_back({c.level, text(c.train), text(c.judged), text(c.generated), fixed(c.coverage, 3),
                     fixed(c.coverage_fresh, 3), fixed(c.accuracy, 3), fixed(c.accuracy_fresh, 3)});
  }
  for (const std::string& level : report.missing) lines.push_back({level, "", "", "MISSING"});
  return detail::aligned(lines);
}

}  // namespace latentcell
