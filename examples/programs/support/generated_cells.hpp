#pragma once

#include <optional>
#include <string>
#include <utility>

#include <latentcell/evaluate/sampled.hpp>
#include <latentcell/generation/generate_to.hpp>
#include <latentcell/io/h5ad.hpp>
#include <latentcell/train/stop_on_signal.hpp>

#include "generation_options.hpp"
#include "generation_report.hpp"
#include "write.hpp"

// The cells that generate_cells generates: one table and file, or a folder of files that are never all in memory.

namespace program {

struct GeneratedCells {
  lc::CellTable cells;                   ///< all; of a folder none
  lc::generation::GeneratedFiles files;  ///< of a folder
  Index count = 0;
};

/// Generates cells and writes them; nothing where a signal stopped it between the files of a folder.
/// train: whose genes' annotation the cells get; null: none
inline std::optional<GeneratedCells> generate(const GenerationSettings& s, const lc::generation::Model& m,
                                              lc::generation::CompositionSampler target, lc::Rng& rng,
                                              const Report& report, const lc::CellTable* train = nullptr) {
  GeneratedCells out;
  out.count = target.left();
  const lc::generation::GenerateOptions how{.steps = s.steps, .guidance = float(s.guidance)};
  training_begins();
  doing("generating cells");
  if (s.shards == 0) {
    const lc::generation::Composition of = target.next(out.count);
    rng = target.rng();
    out.cells = lc::generation::generate(m, of, how, rng);
    write_new_cells(s.out, out.cells, "generated", report.provenance(), train);
    print_line(lc::text("wrote ", out.count, " cells to ", s.out));
    return out;
  }
  stopping_means("stopped: finished files stay in " + s.out + ", and the same command goes on");
  lc::generation::CompositionSampler rest = target;
  rest.skip(out.count);
  rng = rest.rng();
  const lc::StopOnSignal stop;
  lc::generation::GenerateToOptions o{.how = how, .cells_a_file = s.shards, .made_of = report.provenance().dump()};
  if (train != nullptr) o.made_of += files_of(s.files).dump();
  o.finish = [&](lc::CellTable& cells) { mark_new_cells(cells, "generated", report.provenance(), train); };
  o.go_on = [&](Index done, Index of) {
    doing(lc::text("generating cells: ", done, " of ", of));
    return stop.signal() == 0;
  };
  out.files = lc::generation::generate_to(m, std::move(target), s.out, o, rng);
  (void)rng.fork(), (void)rng.fork();  // as generate() leaves it
  if (out.files.view.empty()) return std::nullopt;
  print_line(lc::text("wrote ", out.count, " cells to ", out.files.paths.size(), " files in ", s.out, ", of which ",
                      out.files.kept, " were there; ", out.files.view, " shows all as one"));
  return out;
}

/// Training and held-out cells that generated ones are evaluated with.
struct EvaluatedWith {
  const lc::CellTable &train, &held_out;
  const lc::generation::CompositionSampler& target;  ///< of the generated cells, for as many of the prior
  const std::optional<lc::evaluate::GeneSetEvaluator>& sets;
};

/// Evaluates more cells than are compared at once: moments over all, distances of draws.
inline void evaluate_sampled(const GenerationSettings& s, const lc::generation::Model& m, const GeneratedCells& made,
                             const EvaluatedWith& with, const lc::CellTable& prior, Report& report) {
  lc::evaluate::SampledOptions o = s.sampled;
  o.each.seed = s.seed;
  std::optional<lc::evaluate::SampledEvaluation> evaluation;
  evaluate_if_possible(report, "scores", [&] {
    evaluation.emplace(with.train, with.held_out, s.label, o);
    if (made.files.paths.empty()) evaluation->add(made.cells, 0);
    Index first = 0;
    for (const std::string& path : made.files.paths) {
      const lc::CellTable part = lc::io::read_h5ad(path, {.try_first = false});
      evaluation->add(part, first);
      first += part.cells();
    }
    const lc::evaluate::SampledReport sampled = evaluation->report(&prior);
    add_evaluation(report, lc::generation::evaluate(m, sampled, with.held_out));
    report["scores"]["cells"] = sampled.generated;
    report["scores"]["sampled"] = sampled.cells;
    report["scores"]["draws"] = sampled.draws;
    report["moments"] = report.scored(sampled.moments);
  });
  if (!with.sets || !evaluation || evaluation->cells() < made.count) return;
  const lc::CellTable sample = evaluation->sample(0);
  add_evaluation(report, lc::generation::evaluate_gene_sets(*with.sets, {with.train, with.held_out, sample, &prior}));
}

/// Evaluates generated cells by held-out ones.
inline void evaluate(const GenerationSettings& s, const lc::generation::Model& m, const GeneratedCells& made,
                     const EvaluatedWith& with, Report& report, lc::Rng& rng) {
  doing("evaluating");
  const bool sampled = made.count > s.sampled_above;
  constexpr Index most_prior = 50000;
  lc::generation::CompositionSampler target = with.target;
  const lc::CellTable prior = sample_prior(m, target.next(sampled ? most_prior : made.count), rng);
  if (sampled) return evaluate_sampled(s, m, made, with, prior, report);
  const lc::CellTable read = made.files.view.empty() ? lc::CellTable() : lc::io::read_h5ad(made.files.view);
  const lc::evaluate::GenerationTables tables{with.train, with.held_out, made.files.view.empty() ? made.cells : read,
                                              &prior};
  evaluate_if_possible(report, "scores",
                       [&] { add_evaluation(report, lc::generation::evaluate(m, tables, {.seed = s.seed})); });
  if (with.sets) add_evaluation(report, lc::generation::evaluate_gene_sets(*with.sets, tables));
}

/// Cells for pictures: all, or of a folder those of its first file.
inline lc::CellTable shown(const GeneratedCells& made) {
  return made.files.paths.empty() ? made.cells : lc::io::read_h5ad(made.files.paths[0], {.try_first = false});
}

}  // namespace program
