#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <latentcell/data/filter.hpp>
#include <latentcell/data/highly_variable.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/io/read_gene_embeddings.hpp>
#include <latentcell/latent/obs_encoders.hpp>

#include "program.hpp"

// What predict_perturbation is asked for: perturbations by their genes, what is hidden, and what there is to learn
// from.

namespace program {

struct PerturbationSettings : Common {
  std::string condition = "condition", control = "control", group = "cell_type", genes_column, embeddings, dose, from;
  std::vector<std::string> target, holdout, perturbation;
  double at_dose = std::nan("");
  Index genes = 0, latent = 20, steps = 25, generate = 0;
  int autoencoder_epochs = 0, flow_epochs = 0, blind = 4;
};

/// Perturbed cells of the groups to predict, in the conditions' own names, and what the model learns from.
struct PerturbationData {
  lc::CellTable train;                                                 // its condition column speaks of perturbed genes
  std::map<std::string, std::string> called;                           // perturbed genes to the condition's own name
  std::map<std::pair<std::string, std::string>, lc::CellTable> truth;  // of group and perturbed genes, held out
  std::vector<std::string> targets, parts, seen, perturbations;
  lc::Matrix<float> embeddings;  // of the parts, where they are given
  double dose = std::nan("");
};

/// One name for "A+B" and "B+A", and for "A", "A+" and "A" beside the control ("A+ctrl").
inline std::string in_one_order(const std::string& label, const std::string& control) {
  std::vector<std::string> parts = lc::joined_names(label);
  std::erase_if(parts, [&](const std::string& part) { return part.empty() || part == control; });
  std::sort(parts.begin(), parts.end());
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : "+") + part;
  return parts.empty() ? control : out;
}

/// The perturbations asked for, each once.
inline std::vector<std::string> asked_for(const PerturbationSettings& s, const std::string& control) {
  std::vector<std::string> out;
  for (const std::string& name : s.perturbation) {
    const std::string one = in_one_order(name, control);
    if (one == control) lc::throw_runtime("--perturbation: '", name, "' is the control");
    if (std::count(out.begin(), out.end(), one) == 0) out.push_back(one);
  }
  return out;
}

/// Finds out before training, not after, that a perturbation cannot be predicted.
inline void check_parts(const std::vector<std::string>& perturbations, const std::vector<std::string>& parts) {
  for (const std::string& name : perturbations) {
    for (const std::string& part : lc::joined_names(name)) {
      if (std::count(parts.begin(), parts.end(), part) == 0)
        lc::throw_runtime("--perturbation: '", part, "' was never seen; there are ", lc::Categorical{parts, {}}.list());
    }
  }
}

/// Parts that the model can be asked for: those seen or, with embeddings, all that the file has.
inline void name_parts(const PerturbationSettings& s, const std::set<std::string>& seen, PerturbationData& d) {
  d.parts.assign(seen.begin(), seen.end());
  if (s.embeddings.empty()) return;
  lc::io::GeneEmbeddings given = lc::io::read_gene_embeddings(s.embeddings);
  const auto require = [&](const std::string& part, const char* why) {
    if (std::count(given.genes.begin(), given.genes.end(), part) == 0)
      lc::throw_runtime(s.embeddings, ": has no row for '", part, "', ", why);
  };
  for (const std::string& part : d.parts) require(part, "which is perturbed in the data");
  for (const std::string& name : asked_for(s, s.control)) {
    for (const std::string& part : lc::joined_names(name)) require(part, "which --perturbation names");
  }
  // One scale for all, so that what is alike stays alike and any unit will do.
  const float size = std::sqrt(given.values.array().square().mean());
  if (!(size > 0) || !std::isfinite(size))
    lc::throw_runtime(s.embeddings, ": the root mean square of its numbers is ", size, "; it must be positive");
  d.parts = std::move(given.genes);
  d.embeddings = given.values / size;
}

/// Replaces the condition column by the perturbed genes.
inline void speak_of_genes(const PerturbationSettings& s, lc::CellTable& cells, PerturbationData& d) {
  const lc::Categorical what = labels_of(cells, s.condition, "--condition");
  if (std::find(what.levels.begin(), what.levels.end(), s.control) == what.levels.end()) {
    lc::throw_runtime("no cell is '", s.control, "' in column '", s.condition, "', which has ", what.list(),
                      " (--control chooses)");
  }
  std::vector<std::string> genes(lc::to_size(cells.cells()));
  std::optional<lc::Categorical> of;
  if (!s.genes_column.empty()) of = labels_of(cells, s.genes_column, "--perturbation-genes");
  for (std::size_t i = 0; i < genes.size(); ++i) {
    if (what.codes[i] < 0) continue;
    const std::string& name = what.levels[std::size_t(what.codes[i])];
    const bool said = of && of->codes[i] >= 0;
    genes[i] = in_one_order(name != s.control && said ? of->levels[std::size_t(of->codes[i])] : name, s.control);
    d.called.emplace(genes[i], name);
  }
  cells.cell_columns.set(s.condition, lc::to_categorical(genes));
}

inline PerturbationData load_perturbed(const PerturbationSettings& s, lc::Rng& rng) {
  PerturbationData d;
  lc::CellTable all;
  std::vector<std::string> holdout = s.holdout;
  if (s.data.empty()) {
    all = lc::simulate({.cells = 3000, .types = 6, .type_skew = 0.3, .perturbations = 1}, rng);
    if (holdout.empty()) holdout = {"type_2"};
  } else {
    all = read(s, s.data);
  }
  speak_of_genes(s, all, d);
  const lc::Categorical group = labels_of(all, s.group, "--group"), what = all.obs(s.condition);
  const auto check_groups = [&](const std::vector<std::string>& names, const char* option) {
    for (const std::string& name : names) (void)level_of(group, name, option, s.group);
  };
  check_groups(s.target, "--target");
  check_groups(holdout, "--holdout");
  std::vector<Index> controls(group.levels.size()), perturbed(group.levels.size());
  const int none = what.code(s.control);
  for (std::size_t i = 0; i < what.codes.size(); ++i) {
    if (group.codes[i] >= 0 && what.codes[i] >= 0)
      ++(what.codes[i] == none ? controls : perturbed)[std::size_t(group.codes[i])];
  }
  // Hidden before anything is computed.
  std::vector<Index> kept;
  std::map<std::pair<std::string, std::string>, std::vector<Index>> hidden;
  Index unlabelled = 0;
  std::set<std::string> uncontrolled;
  for (Index i = 0; i < all.cells(); ++i) {
    const int g = group.codes[lc::to_size(i)], w = what.codes[lc::to_size(i)];
    if (g < 0 || w < 0) {
      ++unlabelled;
      continue;
    }
    const std::string& name = group.levels[std::size_t(g)];
    const bool out = w != none && std::count(holdout.begin(), holdout.end(), name) > 0;
    if (out) {
      hidden[{name, what.levels[std::size_t(w)]}].push_back(i);
    } else if (w != none && controls[std::size_t(g)] == 0) {
      uncontrolled.insert(name);
    } else {
      kept.push_back(i);
    }
  }
  if (unlabelled > 0) say(lc::text("note: ", unlabelled, " cells without group or condition are left out"));
  for (const std::string& name : uncontrolled)
    say("note: '" + name + "' has perturbed cells but no control cells: its perturbed cells are left out");
  for (const auto& [key, rows] : hidden) d.truth.emplace(key, all.select_cells(rows));
  d.train = lc::filter_genes(all.select_cells(kept), lc::GeneFilterOptions{.min_cells = 10});
  if (s.genes > 0 && s.genes < d.train.genes())
    d.train = d.train.select_genes(lc::highly_variable(d.train.counts, {.genes = s.genes}).genes);

  std::set<std::string> parts;
  const lc::Categorical seen = d.train.obs(s.condition);
  for (std::size_t l = 0; l < seen.levels.size(); ++l) {
    if (seen.levels[l] == s.control || seen.count(int(l)) == 0) continue;
    d.seen.push_back(seen.levels[l]);
    for (const std::string& part : lc::joined_names(seen.levels[l])) parts.insert(part);
  }
  if (parts.empty()) lc::throw_runtime("no perturbed cell is left to learn from");
  name_parts(s, parts, d);
  d.perturbations = s.perturbation.empty() ? d.seen : asked_for(s, s.control);
  check_parts(d.perturbations, d.parts);
  d.targets = s.target;
  for (const std::string& name : holdout) {
    if (std::count(d.targets.begin(), d.targets.end(), name) == 0) d.targets.push_back(name);
  }
  for (std::size_t g = 0; g < group.levels.size() && s.target.empty() && holdout.empty(); ++g) {
    if (perturbed[g] == 0 && controls[g] > 0) d.targets.push_back(group.levels[g]);
  }
  if (d.targets.empty())
    lc::throw_runtime("every group of '", s.group,
                      "' has perturbed cells: say which to predict (--target or --holdout)");
  for (const std::string& name : d.targets) {
    if (controls[std::size_t(group.code(name))] == 0)
      lc::throw_runtime("group '", name, "' has no cell that is '", s.control, "': there is nothing to start from");
  }
  if (!s.dose.empty()) {
    if (!d.train.cell_columns.has(s.dose)) lc::throw_runtime("--dose: no column '", s.dose, "'");
    const auto* doses = std::get_if<std::vector<double>>(&d.train.cell_columns.get(s.dose));
    if (doses == nullptr) lc::throw_runtime("--dose: column '", s.dose, "' holds labels, not numbers");
    for (const double dose : *doses) {
      if (std::isfinite(dose) && !(dose <= d.dose)) d.dose = dose;
    }
    if (std::isnan(d.dose)) lc::throw_runtime("--dose: column '", s.dose, "' holds no number");
  } else if (!std::isnan(s.at_dose)) {
    lc::throw_runtime("--at-dose needs the column of doses (--dose)");
  }
  return d;
}

}  // namespace program
