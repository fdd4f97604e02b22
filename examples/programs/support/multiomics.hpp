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
  int folds = -1;
};

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
    lc::throw_runtime(file, ": ", e.what());
  }
}

inline Json settings_of(const MultiomicsSettings& s) {
  return {{"data", s.data.empty() ? "simulated" : s.data},
          {"protein_key", s.keys.protein_key},
          {"extra_modality", s.keys.extra_key},
          {"rna_only", s.rna_only},
          {"folds", s.folds},
          {"components", s.ensemble.components},
          {"members", s.ensemble.members},
          {"draws", s.ensemble.draws},
          {"seed", s.seed},
          {"threads", lc::threads()},
          {"from", s.from}};
}

/// Prints and reports how well held-out cells were predicted.
inline void report_scores(Json& report, const mo::Dataset& data, const mo::CrossValidation& held_out) {
  print_line(lc::text("proteins of ", data.rows(1).size(), " held-out cells"));
  add_scores(report, "scores", held_out.proteins);
  for (const mo::Prediction& p : held_out.predictions) {
    const std::vector<double> r = mo::correlations(p.values.mean, held_out.truth, held_out.measured);
    for (std::size_t f = 0; f < r.size(); ++f)
      report["correlations"][p.method][data.protein.features[f]] = number(r[f]);
  }
  print_line("RNA from proteins");
  add_scores(report, "rna_from_protein", held_out.genes);
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
                            Json report, const lc::CellTable* input) {
  cells.strings["protein_names"] = proteins;
  const bool few = Index(proteins.size()) <= lc::conformal::ModalityEncoder::identity_features;
  report["settings"]["values"] = {
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
  write_cells(s.out, cells, report, input);
  print_line(lc::text("wrote ", cells.cells(), " cells to ", s.out));
}

}  // namespace program
