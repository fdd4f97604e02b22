#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/data/simulate_multiomics.hpp>
#include <latentcell/io/h5ad.hpp>
#include <latentcell/io/unique_names.hpp>
#include <latentcell/multiomics/multiomics.hpp>

#include "ensemble.hpp"
#include "plot/multiomics.hpp"
#include "read.hpp"
#include "stages.hpp"
#include "write.hpp"

// What translate_omics reads, reports and writes.

namespace program {

namespace mo = latentcell::multiomics;

struct MultiomicsSettings : Common {
  mo::DatasetOptions keys;
  std::string rna_only, from;
  EnsembleSettings ensemble{.components = 50, .members = 8};
  Index holdout = 0;  ///< folds
  mo::JointFoldOptions stacking;
};

inline MultiomicsSettings parse_multiomics(int argc, char** argv) {
  const About about{
      "translate_omics",
      "Predicts surface proteins of cells from their RNA, and the reverse.\nWithout --data it runs on simulated cells.",
      {"translate_omics --data citeseq.h5ad --protein-key protein_expression --holdout 5 --report report.json",
       "translate_omics --from model --rna-only other.h5ad --out proteins.h5ad"},
      {{"--folds", "use --holdout, the number of folds"}, {"--also", "use --extra-modality"}}};
  MultiomicsSettings s;
  s.out = "predicted.h5ad";
  CLI::App app;
  auto* data = add_input(app, s);
  app.add_option("--protein-key", s.keys.protein_key, "obsm entry of protein counts; rows of NaN: cells without");
  app.add_option("--extra-modality", s.keys.extra_key,
                 "obsm entry of a further modality that proteins are predicted from, such as accessibility");
  app.add_option("--rna-only", s.rna_only, "other cells that have RNA alone, to predict proteins of");
  const auto own = add_ensemble(app, s.ensemble, "principal components of RNA");
  auto* from =
      app.add_option("--from", s.from, "saved model (a file or --checkpoint folder) to predict --rna-only with");
  app.add_option("--joint-folds", s.stacking.joint_folds,
                 "joint models trained for the weights of ensemble, joint model and ridge; 0: without the joint model")
      ->check(CLI::Range(0, 100));
  begin_group(app, group::evaluation);
  auto* folds = app.add_option("--holdout", s.holdout,
                               "hold each of so many folds of the cells out in turn and evaluate on them; 0: none")
                    ->type_name("FOLDS")
                    ->check(CLI::Range(0, 100))
                    ->default_str("");
  add_output_and_run(app, s);
  from->excludes(data)->excludes(folds);
  for (CLI::Option* option : own) from->excludes(option);
  parse(app, s, about, argc, argv);
  if (s.stacking.joint_folds == 1)
    refuse(about, "--joint-folds: each joint model is trained without a fold of the cells: 0, or 2 and more, not 1");
  if (s.data.empty() && s.from.empty() && folds->empty()) set_for_simulated(s, "holdout", s.holdout, Index(2));
  return s;
}

/// Reads the files, or simulates cells where there is none; prints what is worth knowing about them.
inline mo::Dataset read_dataset(const MultiomicsSettings& s, lc::Rng& rng) {
  const bool simulated = s.data.empty();
  mo::DatasetOptions keys = s.keys;
  if (simulated && keys.extra_key.empty()) keys.extra_key = "accessibility";
  lc::CellTable cells = simulated ? lc::simulate_multiomics({}, rng) : read_cells(s, s.data);
  const std::string name = simulated ? "simulated cells" : s.data;
  embedding_of(cells, keys.protein_key, name, "--protein-key");
  if (!keys.extra_key.empty()) embedding_of(cells, keys.extra_key, name, "--extra-modality");
  std::string file = name;
  try {
    mo::Dataset data = mo::make_dataset(std::move(cells), keys);
    file = s.rna_only;
    if (!file.empty()) mo::add_rna_only(data, read_cells(s, file));
    for (const std::string& note : data.notes) print_line("note: " + note);
    return data;
  } catch (const std::invalid_argument& e) {
    lc::throw_runtime(file, ": ", sentence(e));
  }
}

/// Prints and reports how well held-out cells were predicted.
inline void report_scores(Report& report, const mo::Dataset& data, const mo::CrossValidation& held_out) {
  print_line(lc::text("proteins of ", data.rows(1).size(), " held-out cells"));
  report["scores"] = report.scored(held_out.proteins);
  for (const mo::Prediction& p : held_out.predictions) {
    Json row{{"method", p.method}, {"values", Json::array()}};
    for (const double r : mo::correlations(p.values.mean, held_out.truth, held_out.measured))
      row["values"].push_back(number(r));
    report["correlations"]["proteins"] = data.protein.features;
    report["correlations"]["rows"].push_back(std::move(row));
  }
  for (const mo::Stacking& of : held_out.stacking)
    report["stacking"].push_back({{"ensemble", of.mean_weight(mo::StackPart::ensemble)},
                                  {"joint", of.mean_weight(mo::StackPart::joint)},
                                  {"ridge", of.mean_weight(mo::StackPart::ridge)}});
  print_line("RNA from proteins");
  report["rna_from_protein"] = report.scored(held_out.genes);
}

/// Draws predicted against measured proteins of held-out cells, beside two baselines.
inline void draw_held_out(const std::string& folder, const mo::Dataset& data, const mo::CrossValidation& held_out) {
  const std::vector<Index> with = data.rows(1);
  const lc::Matrix<float> predicted = lc::metric::pick_rows(lc::view(held_out.predictions.front().values.mean), with),
                          measured = lc::metric::pick_rows(lc::view(held_out.truth), with);
  plots::TranslatedProteins of{data.protein.features, predicted, measured, {}};
  for (const char* method : {"ridge on components", "30 nearest cells", "latentcell"}) {
    for (const mo::Prediction& p : held_out.predictions) {
      if (p.method == method)
        of.correlation.push_back({method, mo::correlations(p.values.mean, held_out.truth, held_out.measured)});
    }
  }
  plots::proteins(folder, of);
}

/// Writes cells with their predictions.
inline void write_predicted(const MultiomicsSettings& s, lc::CellTable cells, const std::vector<std::string>& proteins,
                            Json provenance, const lc::CellTable& input) {
  cells.strings["protein_names"] = proteins;
  const bool few = Index(proteins.size()) <= lc::conformal::ModalityEncoder::identity_features;
  provenance["settings"]["values"] = {
      {"protein_*",
       lc::text("log1p of counts at ", few ? "the median depth of the cells trained on" : "a depth of 10000")},
      {"X_joint", "one latent of all cells, from whatever each has"}};
  lc::Booleans predicted;
  const auto measured = cells.embeddings.find("protein_measured");
  for (Index i = 0; i < cells.cells(); ++i)
    predicted.values.push_back(measured == cells.embeddings.end() || !measured->second.row(i).allFinite());
  mark_cells(cells, "predicted", 0);
  cells.cell_columns.set("predicted", std::move(predicted));
  const Index renamed = lc::io::make_unique(cells.cell_names);
  if (renamed > 0)
    print_line(
        lc::text("note: ", renamed, " cells of --rna-only bear names of cells of --data: numbers are added to them"));
  write_cells(s.out, cells, provenance, &input);
  print_line(lc::text("wrote ", cells.cells(), " cells to ", s.out));
}

}  // namespace program
