#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include <latentcell/data/highly_variable.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/generation/evaluate.hpp>
#include <latentcell/io/read_gene_sets.hpp>

#include "generation_options.hpp"
#include "read.hpp"
#include "report.hpp"
#include "streamed_cells.hpp"

// The cells of generate_cells: in memory, or streamed with samples of them.

namespace program {

/// Cells that are read while training, with samples of them for what needs cells in memory.
inline TrainTest open_generation(const GenerationSettings& s, lc::Rng& rng, Report& report) {
  StreamedCells all = open_cells(s, s, s.files);
  (void)labels_of(all.table.header, s.label, "--label", s.data);
  const Index most = most_sampled(s, all.table);
  TrainTest d = hold_out_streamed(s, std::move(all), s.label, s.holdout, rng, most);
  lc::StreamedTable& train = d.streamed->table;
  doing("summing over the cells");
  note_oddities(train.header, train.counts, s.label);
  if (s.genes > 0 && s.genes < train.genes())
    train = train.select_genes(lc::highly_variable(train.counts, {.genes = s.genes}).genes);
  d.train = sample_of(s, train, s.label, most);
  if (!s.test_data.empty()) {
    const StreamedCells test = open_cells(s, s, {s.test_data});
    (void)labels_of(test.table.header, s.label, "--label", s.test_data);
    d.test = sample_of(s, test.table, s.label, most);
  }
  if (d.test) (void)in_genes_of(*d.test, train.header.gene_names, s.test_data);
  report["stream"] = describe_stream(train, s.GeneratorSettings::training.autoencoder.batch);
  report["stream"]["sampled_cells"] = d.train.cells();
  return d;
}

/// Reads the cells to train on and those to evaluate with; without --data they are simulated.
inline TrainTest load_generation(const GenerationSettings& s, lc::Rng& rng, Report& report) {
  if (s.stream) return open_generation(s, rng, report);
  lc::CellTable all = s.data.empty() ? lc::simulate({.batch_covariate_levels = s.batch_covariate.empty() ? 1 : 2}, rng)
                                     : read_cells(s, s.data);
  (void)labels_of(all, s.label, "--label", s.data.empty() ? "simulated cells" : s.data);
  TrainTest d;
  if (s.test_data.empty()) {
    d = hold_out(std::move(all), s.label, s.holdout, rng);
  } else {
    d = {std::move(all), read_cells(s, s.test_data)};
    (void)labels_of(*d.test, s.label, "--label", s.test_data);
  }
  note_oddities(d.train, s.label);
  if (s.genes > 0 && s.genes < d.train.genes())
    d.train = d.train.select_genes(lc::highly_variable(d.train.counts, {.genes = s.genes}).genes);
  if (d.test) (void)in_genes_of(*d.test, d.train.gene_names, s.test_data);
  return d;
}

/// Gene sets of a file or the labels' markers, before training, so that a wrong file ends the run at once.
inline std::optional<lc::evaluate::GeneSetEvaluator> gene_sets(const GenerationSettings& s, const TrainTest& d) {
  if (!s.gene_sets.empty() && !d.test)
    lc::throw_runtime("--gene-sets compares with held-out cells: add --holdout or --test-data");
  if (!d.test) return std::nullopt;
  if (s.gene_sets.empty()) return lc::generation::marker_evaluator(d.train, *d.test, s.label, s.seed);
  const std::vector<lc::NamedGenes> sets = lc::io::read_gene_sets(s.gene_sets);
  return naming(s.gene_sets,
                [&] { return lc::evaluate::GeneSetEvaluator(d.train, *d.test, s.label, sets, {.seed = s.seed}); });
}

/// How many cells to generate where --count does not say: 0, as many as there are of these labels; of streamed cells no
/// more than are in the sample, but for a folder of files.
inline Index count_to_generate(const GenerationSettings& s, const TrainTest& d, const lc::generation::Composition& all,
                               const std::vector<int>& types) {
  if (s.count > 0 || !d.streamed || s.shards > 0) return s.count;
  const auto pool = std::count_if(all.label.begin(), all.label.end(), [&](int label) {
    return types.empty() || std::count(types.begin(), types.end(), label) > 0;
  });
  if (pool <= d.train.cells()) return 0;
  print_line(lc::text("note: ", d.train.cells(), " cells are generated, of ", pool, " that were trained on (--count)"));
  return d.train.cells();
}

}  // namespace program
