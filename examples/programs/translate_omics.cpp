// Learns from cells measured in several ways at once to tell one modality of a cell from the others: surface proteins
// from RNA (and the reverse), with intervals; a latent of all cells whatever they have; and how well both do on cells
// held out.

#include <cmath>
#include <cstdio>
#include <numeric>
#include <optional>

#include <latentcell/data/align_genes.hpp>
#include <latentcell/data/append_cells.hpp>
#include <latentcell/io/h5ad.hpp>
#include <latentcell/io/unique_names.hpp>
#include <latentcell/metric/subsample.hpp>
#include <latentcell/multiomics/evaluate.hpp>
#include <latentcell/multiomics/fit.hpp>
#include <latentcell/multiomics/io.hpp>
#include <latentcell/multiomics/predict.hpp>

#include "support/ensemble.hpp"
#include "support/joint_latent.hpp"
#include "support/omics.hpp"
#include "support/translation_plots.hpp"

namespace lc = latentcell;
namespace mo = latentcell::multiomics;
using lc::Index;
using program::Json;
using program::now;
using program::OmicsPart;
using program::say;

namespace {

struct Settings : program::Common {
  std::string from;
  program::OmicsSettings omics;
  program::EnsembleSettings ensemble{.components = 50, .members = 8};
  int folds = -1;
};

Settings parse(int argc, char** argv) {
  Settings s;
  s.out = "predicted.h5ad";
  CLI::App app(
      "Learns to tell surface proteins of a cell from its RNA, and the reverse, from cells that have both.\n"
      "Without --data it runs on simulated cells.");
  auto* data = program::add_common(app, s);
  app.add_option("--protein-key", s.omics.key, "obsm entry of protein counts; rows of NaN: cells without")
      ->capture_default_str();
  app.add_option("--also", s.omics.also,
                 "obsm entry of a further modality that proteins are told from, such as accessibility");
  app.add_option("--rna-only", s.omics.rna_only, "other cells that have RNA alone, to predict proteins of");
  auto* folds = app.add_option("--folds", s.folds,
                               "hold each of so many parts of the cells out in turn and judge by them; 0: none")
                    ->check(CLI::Range(0, 100));
  const auto own = program::add_ensemble(app, s.ensemble, "principal components that RNA is told by");
  auto* from = app.add_option(
      "--from", s.from,
      "predict with a saved model (a file, or a --checkpoint folder) the cells of --rna-only, without training");
  from->excludes(data)->excludes(folds);
  for (CLI::Option* option : own) from->excludes(option);
  program::parse(app, argc, argv);
  return s;
}

// What the stages of one of the held-out parts are called.
std::string of_fold(int k, int folds, const std::string& stage) {
  return lc::text("fold_", k + 1, "_of_", folds, "_", stage);
}

// One direction, trained; nothing where a signal ended it.
std::optional<mo::Model> train(const Settings& s, const std::string& stage, const lc::Modality& target,
                               const std::vector<lc::Modality>& from, const lc::Modality& rna, Index members,
                               lc::StopOnSignal& stop, Json& report) {
  lc::Rng rng(s.seed, 5);
  const auto code = [&](const lc::Modality& m) {
    const lc::Modality& told_by = m.name == "rna" ? rna : m;
    lc::conformal::ModalityEncoder out(
        {m.name, m.features,
         std::min<Index>({s.ensemble.components, Index(m.features.size()) - 1, told_by.cells() - 1})});
    out.fit(told_by, rng);
    return out;
  };
  std::vector<lc::conformal::ModalityEncoder> codes;
  for (const lc::Modality& m : from) codes.push_back(code(m));
  mo::Options o;
  o.ensemble.members = members;
  o.ensemble.fold_seed = s.seed;
  mo::Model model(o, code(target), std::move(codes), rng);
  const lc::FitOptions fit = program::ensemble_fit(s.ensemble, target.cells(), 1200, 400, s.seed);
  if (!program::train_members(s, stage, model.flows, stop, report, [&](auto& state, Index k, auto&&... hooks) {
        lc::conformal::fit_fold_model(state, model.flows, k, mo::training_data(model, target, from), fit, hooks...);
      })) {
    return std::nullopt;
  }
  if (target.name != "rna") {  // of genes only the mean is asked
    lc::Rng calibration(s.seed, 12);
    mo::calibrate_intervals(model, target, from, {.draws = s.ensemble.draws}, calibration);
  }
  return model;
}

void print(const std::vector<lc::TranslationScore>& scores) {
  say("                                   mean r      MSE   in 50 %  in 80 %");
  for (const lc::TranslationScore& p : scores) {
    char line[200];
    std::snprintf(line, sizeof line, "  %-30s %8.3f %8.3f", p.who.c_str(), p.mean_r, p.mse);
    std::string out = line;
    if (std::isfinite(p.cover50)) {
      std::snprintf(line, sizeof line, " %8.3f %8.3f", p.cover50, p.cover80);
      out += line;
    }
    say(out);
  }
}

// Predictions of held-out cells, gathered over the folds.
struct Gathered {
  std::vector<std::pair<std::string, lc::conformal::PredictionIntervals>> of;

  void put(const std::string& who, const std::vector<Index>& rows, Index cells,
           const lc::conformal::PredictionIntervals& part) {
    auto at = std::find_if(of.begin(), of.end(), [&](const auto& entry) { return entry.first == who; });
    if (at == of.end()) at = of.insert(of.end(), {who, {}});
    const auto copy = [&](lc::Matrix<float>& to, const lc::Matrix<float>& from) {
      if (from.size() == 0) return;
      if (to.size() == 0) to = lc::Matrix<float>::Zero(cells, from.cols());
      for (std::size_t i = 0; i < rows.size(); ++i) to.row(rows[i]) = from.row(Index(i));
    };
    copy(at->second.mean, part.mean);
    copy(at->second.low50, part.low50);
    copy(at->second.high50, part.high50);
    copy(at->second.low80, part.low80);
    copy(at->second.high80, part.high80);
  }
};

// Mean r over genes of their prediction from proteins, a fold each: over all genes, and over those of the joint VAE.
struct GenesTold {
  std::vector<double> model, ridge, model_some, joint_some, ridge_some;
};

// The reverse direction in one fold; false where a signal ended it.
bool judge_genes(const Settings& s, const OmicsPart& train_part, const OmicsPart& test, const OmicsPart& everyone,
                 const lc::JointVae<float>& joint, const std::string& stage, lc::StopOnSignal& stop, lc::Rng& rng,
                 GenesTold& to) {
  Json unused;
  const auto back = train(s, stage, train_part.rna, {train_part.protein}, everyone.rna, 2, stop, unused);
  if (!back) return false;
  const double depth = double(back->target.depth.value(0, 0));
  const lc::Matrix<float> truth = lc::dense_counts(lc::kernel::log_normalize(test.rna.counts, depth).view());
  const lc::Matrix<float> model = mo::translate(*back, {test.protein}, {.draws = 0}, rng).mean;
  const lc::Matrix<float> ridge = back->target.decode(
      lc::ridge(back->condition_features({train_part.protein}), back->target.encode(train_part.rna), back->condition_features({test.protein})));
  const std::vector<char> all_there(lc::to_size(test.rna.cells()), 1);
  const auto score = [&](const lc::Matrix<float>& mean, const lc::Matrix<float>& real) {
    return lc::translation_score("", {mean, {}, {}, {}, {}}, real, all_there).mean_r;
  };
  to.model.push_back(score(model, truth));
  to.ridge.push_back(score(ridge, truth));

  const std::vector<std::string>&all = test.rna.features, &known = joint.features(0);  // in the same order
  const auto in_known = [&](const lc::Matrix<float>& m) {
    lc::Matrix<float> out(m.rows(), Index(known.size()));
    for (std::size_t g = 0, at = 0; g < all.size() && at < known.size(); ++g) {
      if (all[g] == known[at]) out.col(Index(at++)) = m.col(Index(g));
    }
    return out;
  };
  const auto total = [](const lc::Modality& m) {
    double sum = 0;
    for (Index i = 0; i < m.cells(); ++i) sum += m.counts.view().row_sum(i);
    return sum;
  };
  const double share = total(lc::select_features(train_part.rna, known)) / total(train_part.rna);
  const auto from_protein =
      program::in_features_of(joint, program::in_order(lc::hide(test.rna), test.protein,
                                                       test.also ? std::optional(lc::hide(*test.also)) : std::nullopt));
  to.model_some.push_back(score(in_known(model), in_known(truth)));
  to.joint_some.push_back(
      score(mo::translate(joint, from_protein, 0, share * depth, {.draws = 0}, rng).mean, in_known(truth)));
  to.ridge_some.push_back(score(in_known(ridge), in_known(truth)));
  return true;
}

void tell(const GenesTold& g, Json& report) {
  const auto mean = [](const std::vector<double>& x) {
    return std::accumulate(x.begin(), x.end(), 0.0) / double(x.size());
  };
  report["rna_from_protein"] = {{"latentcell", mean(g.model)}, {"ridge on proteins", mean(g.ridge)}};
  report["rna_from_protein_genes_of_joint"] = {
      {"latentcell", mean(g.model_some)}, {"joint VAE", mean(g.joint_some)}, {"ridge on proteins", mean(g.ridge_some)}};
  char line[200];
  std::snprintf(line, sizeof line, "genes from proteins, mean r over all genes: %.3f, ridge %.3f", mean(g.model),
                mean(g.ridge));
  say(line);
  std::snprintf(line, sizeof line, "  over the genes of the joint VAE: %.3f, joint VAE %.3f, ridge %.3f",
                mean(g.model_some), mean(g.joint_some), mean(g.ridge_some));
  say(line);
}

// What a model has to beat, told by the same components, in cells that are held out.
void put_floors(const mo::Model& model, const OmicsPart& train_part, const OmicsPart& test,
                const std::vector<Index>& held, Index n, Gathered& protein) {
  const lc::Matrix<float> told = model.condition_features(train_part.sources()),
                          told_new = model.condition_features(test.sources()),
                          known = model.target.decode(model.target.encode(train_part.protein));
  const auto floor = [&](const char* who, lc::Matrix<float> mean) {
    protein.put(who, held, n, {std::move(mean), {}, {}, {}, {}});
  };
  floor("mean", lc::Matrix<float>(known.colwise().mean()).replicate(Index(held.size()), 1));
  // Linear models see the components in their own units.
  const auto linear = [&](lc::Matrix<float> x) {
    const lc::conformal::ModalityEncoder& c = model.sources.front();
    for (Index j = 0; j < c.latent() && !c.identity; ++j)
      x.col(j) *= std::sqrt(c.scale.value(0, j) * c.scale.value(0, 0));
    return x;
  };
  floor("ridge on components", lc::ridge(linear(told), known, linear(told_new)));
  if (test.also) {
    const Index cut = model.sources.front().n_condition();
    floor("ridge, rna alone", lc::ridge(linear(told).leftCols(cut), known, linear(told_new).leftCols(cut)));
    floor(("ridge, " + test.also->name + " alone").c_str(),
          lc::ridge(told.rightCols(told.cols() - cut), known, told_new.rightCols(told.cols() - cut)));
  }
  floor("linear joint VAE", lc::linear_joint(linear(told), known, linear(told_new)));
  floor("30 nearest cells", lc::neighbor_mean(linear(told), known, linear(told_new)));
}

// Holds each part of the cells out in turn: proteins from what else there is, all of it and each alone, and RNA from
// proteins; with floors.
bool judge(const Settings& s, int folds, const program::Omics& d, lc::StopOnSignal& stop, lc::CellTable& out,
           Json& report, std::function<void()>& draw) {
  std::vector<Index> with;
  for (Index i = 0; i < d.cells.cells(); ++i) {
    if (d.protein.measured[lc::to_size(i)]) with.push_back(i);
  }
  if (Index(with.size()) < 3 * folds) lc::throw_runtime(with.size(), " cells are too few for ", folds, " folds");
  const Index n = d.cells.cells();
  std::vector<Index> fold = lc::assign_folds(Index(with.size()), folds, s.seed + 1000);
  Gathered protein;
  // What truth is compared with: each fold's values at that fold's depth; genes are those of all folds.
  lc::Matrix<float> truth = lc::Matrix<float>::Zero(n, Index(d.protein.features.size()));
  GenesTold genes_told;
  std::vector<double> fold_of(lc::to_size(n), std::nan(""));
  for (int k = 0; k < folds; ++k) {
    std::vector<Index> in, held;
    for (std::size_t i = 0; i < with.size(); ++i) (fold[i] == k ? held : in).push_back(with[i]);
    std::vector<std::string> genes;
    const OmicsPart train_part = program::part_of(d, in, genes), test = program::part_of(d, held, genes);
    say(lc::text("fold ", k + 1, " of ", folds, ": ", in.size(), " cells to learn from, ", held.size(), " held out, ",
                 genes.size(), " genes"));
    const OmicsPart everyone = program::with_rna_only(train_part, d);
    Json unused;
    const auto model = train(s, of_fold(k, folds, "protein"), train_part.protein, train_part.sources(), everyone.rna,
                             s.ensemble.members, stop, unused);
    if (!model) return false;
    lc::Rng rng(s.seed, 9);
    const auto predict = [&](const std::string& who, std::vector<lc::Modality> from) {
      protein.put(who, held, n, mo::translate(*model, from, {.draws = s.ensemble.draws}, rng));
    };
    predict("latentcell", test.sources());
    if (test.also) {
      predict("latentcell, rna alone", {test.rna, lc::hide(*test.also)});
      predict("latentcell, " + test.also->name + " alone", {lc::hide(test.rna), *test.also});
    }
    const auto joint = program::train_joint(s, of_fold(k, folds, "joint"), program::joint_cells(everyone),
                                            s.ensemble.epochs, stop, unused);
    if (!joint) return false;
    const lc::Modality no_protein = lc::hide(test.protein);
    const auto joint_predict = [&](const std::string& who, const lc::Modality& r,
                                   const std::optional<lc::Modality>& a) {
      const auto cells = program::in_features_of(*joint, program::in_order(r, no_protein, a));
      protein.put(
          who, held, n,
          mo::translate(*joint, cells, 1, double(model->target.depth.value(0, 0)), {.draws = s.ensemble.draws}, rng));
    };
    joint_predict("joint VAE", test.rna, test.also);
    if (test.also) {
      joint_predict("joint VAE, rna alone", test.rna, lc::hide(*test.also));
      joint_predict("joint VAE, " + test.also->name + " alone", lc::hide(test.rna), test.also);
    }
    const lc::Matrix<float> true_here = model->target.log_normalized(test.protein);
    for (std::size_t i = 0; i < held.size(); ++i) {
      truth.row(held[i]) = true_here.row(Index(i));
      fold_of[lc::to_size(held[i])] = k + 1;
    }
    put_floors(*model, train_part, test, held, n, protein);
    if (!judge_genes(s, train_part, test, everyone, *joint, of_fold(k, folds, "rna"), stop, rng, genes_told))
      return false;
  }
  std::vector<char> judged(lc::to_size(n), 0);
  for (const Index i : with) judged[lc::to_size(i)] = 1;
  std::vector<lc::TranslationScore> scores;
  for (const auto& [who, made] : protein.of) scores.push_back(lc::translation_score(who, made, truth, judged));
  say(lc::text("proteins of ", with.size(), " held-out cells"));
  print(scores);
  Json each;
  for (const lc::TranslationScore& p : scores) {
    each[p.who] = program::numbers(p);
    for (std::size_t f = 0; f < p.r.size(); ++f)
      each[p.who]["r"][d.protein.features[f]] = std::isfinite(p.r[f]) ? Json(p.r[f]) : Json(nullptr);
  }
  report["scores"] = each;
  tell(genes_told, report);
  lc::CellTable cells = d.cells.select_cells(with);
  std::vector<double> folds_of;
  for (const Index i : with) folds_of.push_back(fold_of[lc::to_size(i)]);
  cells.cell_columns.set("held_out_fold", folds_of);
  const auto pick = [&](const lc::Matrix<float>& m) { return lc::metric::pick_rows(lc::view(m), with); };
  const lc::conformal::PredictionIntervals& ours = protein.of.front().second;
  cells.embeddings.clear();
  cells.embeddings["protein_predicted"] = pick(ours.mean);
  program::put_intervals(cells, "protein_",
                         {{}, pick(ours.low50), pick(ours.high50), pick(ours.low80), pick(ours.high80)});
  cells.embeddings["protein_measured"] = pick(truth);
  out = std::move(cells);
  draw = [&s, &d, scores, predicted = pick(ours.mean), measured = pick(truth)] {
    if (!s.plots.empty()) plots::draw_translation(s.plots, d.protein.features, predicted, measured, scores);
  };
  return true;
}

// Proteins and their intervals.
void put_predicted(const mo::Model& model, const std::vector<lc::Modality>& from, const Settings& s,
                   lc::CellTable& cells) {
  lc::Rng rng(s.seed, 10);
  lc::conformal::PredictionIntervals t = mo::translate(model, from, {.draws = s.ensemble.draws}, rng);
  cells.embeddings["protein_predicted"] = t.mean;
  program::put_intervals(cells, "protein_", std::move(t));
}

void put_joint(const lc::JointVae<float>& joint, const OmicsPart& part, lc::CellTable& cells) {
  cells.embeddings["X_joint"] = mo::encode(joint, program::in_features_of(joint, program::joint_cells(part))).mean;
}

void write(const Settings& s, lc::CellTable cells, const std::vector<std::string>& proteins) {
  cells.strings.clear();
  cells.strings["protein_names"] = proteins;
  cells.strings["latentcell"] = {lc::text("version ", lc::version), lc::text("seed ", s.seed),
                                 lc::text("protein_*: log1p of counts at ",
                                          Index(proteins.size()) > lc::conformal::ModalityEncoder::identity_features
                                              ? "a depth of 10000"
                                              : "the median depth of the cells trained on"),
                                 "X_joint: one latent of all cells, from whatever each has"};
  const Index renamed = lc::io::make_unique(cells.cell_names);
  if (renamed > 0)
    say(lc::text("note: ", renamed, " cells of --rna-only bear names of cells of --data: numbers are added to them"));
  lc::io::write_h5ad(s.out, cells);
  say(lc::text("wrote ", cells.cells(), " cells to ", s.out));
}

// Cells with proteins where none were held out: measured, not predicted.
lc::CellTable not_judged(const program::Omics& d, const std::vector<Index>& with) {
  lc::CellTable out = d.cells.select_cells(with);
  out.embeddings.clear();
  const lc::Modality protein = lc::select_cells(d.protein, with);
  lc::Rng rng(0);
  lc::conformal::ModalityEncoder code({protein.name, protein.features, 1});
  code.fit(protein, rng);
  out.embeddings["protein_measured"] = code.log_normalized(protein);
  for (const char* name : {"predicted", "low50", "high50", "low80", "high80"})
    out.embeddings[lc::text("protein_", name)] =
        lc::Matrix<float>::Constant(out.cells(), Index(protein.features.size()), std::nanf(""));
  return out;
}

int run(const Settings& s) {
  program::begin(s);
  lc::Rng rng(s.seed);
  Json report{{"program", lc::text("translate_omics ", lc::version)}};
  report["settings"] = {{"data", s.data.empty() ? "simulated" : s.data},
                        {"protein_key", s.omics.key},
                        {"also", s.omics.also},
                        {"rna_only", s.omics.rna_only},
                        {"folds", s.folds},
                        {"components", s.ensemble.components},
                        {"members", s.ensemble.members},
                        {"draws", s.ensemble.draws},
                        {"seed", s.seed},
                        {"threads", lc::threads()},
                        {"from", s.from}};
  if (!s.from.empty()) {
    if (s.omics.rna_only.empty()) lc::throw_runtime("--from needs cells to predict (--rna-only)");
    const mo::Model m = mo::load(program::model_file(s.from));
    const lc::CellTable cells = program::read(s, s.omics.rna_only);
    (void)program::in_genes_of(cells, m.sources.front().features(), s.omics.rna_only);
    lc::CellTable told = cells;
    told.embeddings.clear();
    const OmicsPart part = program::rna_alone(m, cells);
    put_predicted(m, part.sources(), s, told);
    if (m.joint) put_joint(*m.joint, part, told);
    write(s, std::move(told), m.target.features());
    program::write_report(s.report, report);
    return 0;
  }
  const program::Omics d = program::read_omics(s, s.omics, rng);
  const int folds = s.folds >= 0 ? s.folds : s.data.empty() ? 2 : 0;
  std::vector<Index> with, without, all;
  for (Index i = 0; i < d.cells.cells(); ++i) {
    all.push_back(i);
    (d.protein.measured[lc::to_size(i)] ? with : without).push_back(i);
  }
  const bool to_predict = d.rna_only || !without.empty();
  if (folds == 0 && !to_predict)
    lc::throw_runtime("every cell has '", s.omics.key,
                      "': say which cells to predict (--rna-only) or how many parts to hold out "
                      "and judge by (--folds)");
  if (folds == 1) lc::throw_runtime("--folds: one part alone cannot be held out; give 2 or more, or 0");
  program::same_run(s, {{"data", program::files_of({s.data})},
                        {"protein_key", s.omics.key},
                        {"also", s.omics.also},
                        {"rna_only", program::files_of({s.omics.rna_only})}});
  lc::StopOnSignal stop;
  lc::CellTable out;
  std::function<void()> draw = [] {};
  if (folds > 0 && !judge(s, folds, d, stop, out, report, draw)) return program::stopped(s);
  std::vector<std::string> genes;
  const OmicsPart whole = program::part_of(d, all, genes), everyone = program::with_rna_only(whole, d);
  say(lc::text("training on ", d.cells.cells(), " cells, ", genes.size(), " genes, ", d.protein.features.size(),
               " proteins"));
  auto joint = program::train_joint(s, "joint", program::joint_cells(everyone), s.ensemble.epochs, stop, report);
  if (!joint) return program::stopped(s);
  const Index proteins = Index(d.protein.features.size());
  if (folds == 0) out = not_judged(d, with);
  put_joint(*joint, program::part_of(d, with, genes), out);
  if (to_predict || !s.checkpoint.empty()) {
    auto model = train(s, "protein", whole.protein, whole.sources(), everyone.rna, s.ensemble.members, stop, report);
    if (!model) return program::stopped(s);
    model->joint = std::move(joint);
    program::keep(s, *model);
    const auto add = [&](lc::CellTable cells, const OmicsPart& part) {
      cells = lc::align_genes(cells, d.cells.gene_names).cells;
      cells.embeddings.clear();
      put_predicted(*model, part.sources(), s, cells);
      put_joint(*model->joint, part, cells);
      cells.embeddings["protein_measured"] = lc::Matrix<float>::Constant(cells.cells(), proteins, std::nanf(""));
      if (folds > 0)
        cells.cell_columns.set("held_out_fold", std::vector<double>(lc::to_size(cells.cells()), std::nan("")));
      lc::append_cells(out, cells);
    };
    if (!without.empty()) add(d.cells.select_cells(without), program::part_of(d, without, genes));
    if (d.rna_only) add(*d.rna_only, program::rna_alone(*model, *d.rna_only));
  }
  write(s, std::move(out), d.protein.features);
  report["peak_memory_mb"] = program::peak_memory_mb();
  program::write_report(s.report, report);
  draw();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = parse(argc, argv);
  return program::guarded("translate_omics", [&] { return run(settings); });
}
