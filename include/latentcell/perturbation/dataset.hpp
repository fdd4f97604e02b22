#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <latentcell/data/filter.hpp>
#include <latentcell/data/highly_variable.hpp>
#include <latentcell/data/read_numeric_column.hpp>
#include <latentcell/perturbation/canonical_condition.hpp>
#include <latentcell/perturbation/holdout.hpp>

namespace LATENTCELL_NAMESPACE::perturbation {

/// Given embeddings of single perturbations, such as of genes by pathways or a protein language model.
struct GivenEmbeddings {
  std::vector<std::string> names = {};  ///< (N)
  Matrix<float> values = {};            ///< (N, E), in any unit
};

struct DatasetOptions {
  Options model = {};                     ///< with the obs columns of condition, group and dose
  std::string perturbation_genes = "";    ///< obs column of the perturbed genes, joined by '+'; empty: the condition's
                                          ///< own names
  std::vector<std::string> holdout = {};  ///< groups whose perturbed cells are held out
  std::vector<std::string> targets = {};  ///< groups to predict; empty: those held out, else those never perturbed;
                                          ///< without a group column: all cells
  std::vector<std::string> conditions = {};  ///< to predict, also untrained combinations; empty: all trained ones
  char joint = '+';                          ///< between the names of a combination, in the data and in `conditions`
  GivenEmbeddings embeddings = {};           ///< empty: learned
  Index genes = 0;  ///< most variable genes to keep; 0: all with `min_cells`. Larger: slower, more genes predicted.
  Index min_cells = 10;  ///< training cells that a gene needs

  /// All but model, which perturbation::Model checks once its genes are filled in, and embeddings.
  static void visit(auto& self, auto&& f) {
    f("perturbation_genes", self.perturbation_genes);
    f("holdout", self.holdout);
    f("targets", self.targets);
    f("conditions", self.conditions);
    f("joint", self.joint);
    f("genes", self.genes, at_least(0));
    f("min_cells", self.min_cells, at_least(0));
  }
};

/// Training cells, held-out cells and queries of a perturbation study. Held-out cells are removed before anything is
/// computed, gene selection included.
struct Dataset {
  CellTable train;  ///< its condition column has canonical names of the perturbed genes
  std::map<std::pair<std::string, std::string>, CellTable> truth;  ///< held-out cells of (group, condition)
  Options options;                                                 ///< of the model: genes and dose_scale filled in
  Vocabulary vocabulary;
  Matrix<float> embeddings;                          ///< (single perturbations, E), of mean square 1; (0, 0): learned
  std::vector<std::string> targets, conditions;      ///< groups and conditions to predict
  std::map<std::string, std::string> original_name;  ///< of each canonical condition, as in the data
  std::vector<std::string> notes;                    ///< one sentence for each kind of cells that are left out

  /// Returns the name of a condition as in the data; its own for a condition that is not there.
  const std::string& name_in_data(const std::string& condition) const {
    const auto at = original_name.find(condition);
    return at == original_name.end() ? condition : at->second;
  }
};

namespace detail {

/// Replaces the condition column by canonical names of the perturbed genes.
inline void rename_conditions(CellTable& cells, const DatasetOptions& o, Dataset& to) {
  const Categorical condition = cells.obs(o.model.condition);
  const auto control = condition.find_code(o.model.control);
  LATENTCELL_REQUIRE(control && condition.count(*control) > 0, "no cell is '", o.model.control, "' in column '",
                     o.model.condition, "', which has ", condition.list());
  Categorical genes;
  if (!o.perturbation_genes.empty()) genes = cells.obs(o.perturbation_genes);
  std::vector<std::string> names(to_size(cells.cells()));
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (condition.codes[i] < 0) continue;
    const std::string& name = condition.levels[std::size_t(condition.codes[i])];
    const bool has_genes = name != o.model.control && !genes.codes.empty() && genes.codes[i] >= 0;
    names[i] =
        canonical_condition(has_genes ? genes.levels[std::size_t(genes.codes[i])] : name, o.model.control, o.joint);
    to.original_name.emplace(names[i], name);
  }
  std::map<std::string, std::string> spellings;  // of what is one condition and is spelled differently
  for (const std::string& level : condition.levels) {
    const std::string one = canonical_condition(level, o.model.control, o.joint);
    std::string& all = spellings[one];
    all += text(all.empty() ? "'" : ", '", level, "'");
  }
  for (const auto& [one, all] : spellings) {
    if (all != "'" + one + "'" && all.find("', '") != std::string::npos)
      to.notes.push_back(text("'", one, "' is written as ", all, ": one condition"));
  }
  cells.cell_columns.set(o.model.condition, to_categorical(names));
}

/// Moves held-out cells to `truth` and selects genes on the rest.
inline void split_cells(const CellTable& cells, const DatasetOptions& o, Dataset& to) {
  const PerturbationHoldout split = hold_out_perturbed(cells.cell_columns, o.model, o.holdout);
  if (split.unlabelled > 0)
    to.notes.push_back(text(split.unlabelled, " cells without group or condition are left out"));
  for (const std::string& name : split.without_control)
    to.notes.push_back("'" + name + "' has perturbed cells but no control cells: its perturbed cells are left out");
  for (const auto& [key, rows] : split.test) to.truth.emplace(key, cells.select_cells(rows));
  to.train = filter_genes(cells.select_cells(split.train), GeneFilterOptions{.min_cells = o.min_cells});
  if (o.genes > 0 && o.genes < to.train.genes())
    to.train = to.train.select_genes(highly_variable(to.train.counts, {.genes = o.genes}).genes);
}

/// Fills in the vocabulary and, where given, the embeddings of all single perturbations that may be predicted.
inline void build_vocabulary(const DatasetOptions& o, Dataset& to) {
  std::set<std::string> single;
  const Categorical condition = to.train.obs(o.model.condition);
  for (std::size_t l = 0; l < condition.levels.size(); ++l) {
    if (condition.levels[l] == o.model.control || condition.count(int(l)) == 0) continue;
    to.vocabulary.trained_conditions.push_back(condition.levels[l]);
    for (const std::string& name : joined_names(condition.levels[l])) single.insert(name);
  }
  LATENTCELL_REQUIRE(!single.empty(), "0 perturbed cells are left to train on, at least 1 is needed");
  to.vocabulary.single_perturbations.assign(single.begin(), single.end());
  const GivenEmbeddings& given = o.embeddings;
  if (given.names.empty()) return;
  const auto require = [&](const std::string& name, const char* source) {
    LATENTCELL_REQUIRE(std::count(given.names.begin(), given.names.end(), name) > 0, "the embeddings have no row for '",
                       name, "', ", source);
  };
  for (const std::string& name : single) require(name, "which is perturbed in the training cells");
  for (const std::string& condition_name : canonical_conditions(o.conditions, o.model.control, o.joint)) {
    for (const std::string& name : joined_names(condition_name)) require(name, "which is to be predicted");
  }
  // One scale for all keeps similarities, and makes their unit irrelevant.
  const float size = std::sqrt(given.values.array().square().mean());
  LATENTCELL_REQUIRE(size > 0 && std::isfinite(size), "the root mean square of the embeddings must be positive, got ",
                     size);
  to.vocabulary.single_perturbations = given.names;
  to.embeddings = given.values / size;
}

/// Fills in the groups and conditions to predict.
inline void choose_queries(const CellTable& cells, const DatasetOptions& o, Dataset& to) {
  to.conditions = o.conditions.empty() ? to.vocabulary.trained_conditions
                                       : canonical_conditions(o.conditions, o.model.control, o.joint);
  for (const std::string& condition : to.conditions) to.vocabulary.require(condition);
  to.targets = o.targets;
  for (const std::string& name : o.holdout) {
    if (std::count(to.targets.begin(), to.targets.end(), name) == 0) to.targets.push_back(name);
  }
  const Categorical group = group_labels(cells.cell_columns, o.model), condition = cells.obs(o.model.condition);
  const int control_code = condition.code_of(o.model.control);
  std::vector<Index> controls(group.levels.size()), perturbed(group.levels.size());
  for (std::size_t i = 0; i < group.codes.size(); ++i) {
    if (group.codes[i] >= 0 && condition.codes[i] >= 0)
      ++(condition.codes[i] == control_code ? controls : perturbed)[std::size_t(group.codes[i])];
  }
  for (std::size_t g = 0; g < group.levels.size() && o.targets.empty() && o.holdout.empty(); ++g) {
    if ((perturbed[g] == 0 || o.model.group.empty()) && controls[g] > 0) to.targets.push_back(group.levels[g]);
  }
  LATENTCELL_REQUIRE(!to.targets.empty(), "every group of '", o.model.group,
                     "' has perturbed cells: name groups to predict or to hold out");
  for (const std::string& name : to.targets) {
    LATENTCELL_REQUIRE(controls[std::size_t(group.code_of(name))] > 0, "group '", name, "' has 0 cells that are '",
                       o.model.control, "', at least 1 is needed");
  }
}

/// Returns the largest dose of the training cells.
inline double largest_dose(const CellTable& cells, const std::string& column) {
  const auto doses = to_numbers(cells.cell_columns.get(column));
  LATENTCELL_REQUIRE(doses, "dose column '", column, "' holds labels, not numbers");
  double largest = std::numeric_limits<double>::quiet_NaN();
  for (const double dose : *doses) {
    if (std::isfinite(dose) && !(dose <= largest)) largest = dose;
  }
  LATENTCELL_REQUIRE(largest > 0, "dose column '", column, "' has largest dose ", largest, ", it must be above 0");
  return largest;
}

}  // namespace detail

/// Prepares cells with raw counts for training and evaluation. Throws std::invalid_argument for columns, groups,
/// conditions or embeddings that are not there.
inline Dataset make_dataset(CellTable cells, const DatasetOptions& o) {
  check_options("make_dataset", o);
  Dataset out;
  if (!o.model.dose.empty())
    cells.cell_columns.set(o.model.dose, read_numeric_column(cells.cell_columns, o.model.dose));
  out.options = o.model;
  detail::rename_conditions(cells, o, out);
  for (const std::string& name : o.targets) (void)group_labels(cells.cell_columns, o.model).code_of(name);
  detail::split_cells(cells, o, out);
  detail::build_vocabulary(o, out);
  detail::choose_queries(cells, o, out);
  out.options.vae.genes = out.train.genes();
  if (!o.model.dose.empty()) out.options.dose_scale = float(detail::largest_dose(out.train, o.model.dose));
  return out;
}

}  // namespace latentcell::perturbation
