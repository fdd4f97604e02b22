#include "read.hpp"

#include <filesystem>
#include <set>

#include <latentcell/data/match_genes.hpp>
#include <latentcell/io/read_annotation.hpp>

namespace program {

namespace {

// The layer of a file: the one that names it, else the one of all; X is none.
std::string layer_of(const Common& s, const std::string& path) {
  std::string own, all;
  const std::string name = std::filesystem::path(path).filename().string();
  for (const std::string& given : s.layers) {
    const bool by_path = given.rfind(path + "=", 0) == 0, by_name = given.rfind(name + "=", 0) == 0;
    if (by_path || by_name) {
      own = given.substr((by_path ? path : name).size() + 1);
    } else if (const std::size_t cut = given.rfind('=');
               cut == std::string::npos || !std::filesystem::exists(given.substr(0, cut))) {
      all = given;
    }
  }
  const std::string layer = own.empty() ? all : own;
  return layer == "X" ? "" : layer;
}

bool holds_h5ad_files(const std::string& path) {
  std::error_code trouble;
  for (const auto& entry : std::filesystem::directory_iterator(path, trouble))
    if (entry.path().extension() == ".h5ad") return true;
  return false;
}

}  // namespace

lc::io::H5adOptions h5ad_options(const Common& s, const std::string& path) {
  return {.layer = layer_of(s, path),
          .values = s.round ? lc::io::Values::rounded : lc::io::Values::counts,
          .try_first = !s.trust_input};
}

lc::CellTable read_cells(const Common& s, const std::string& path) {
  doing("reading " + path);
  lc::io::ReadOptions options{.layer = layer_of(s, path),
                              .values = s.round ? lc::io::Values::rounded : lc::io::Values::counts,
                              .genome = s.genome,
                              .feature_type = s.feature_type,
                              .try_first = !s.trust_input};
  if (s.rows == "genes") options.rows = lc::io::TableRows::genes;
  lc::CellTable cells;
  try {
    cells = lc::io::read_cells(path, options);
  } catch (const std::runtime_error& e) {
    const std::string said = e.what();
    const bool no_counts = said.find("counts are whole numbers") != std::string::npos;
    lc::throw_runtime(said, no_counts                ? "; --round rounds corrected counts"
                            : holds_h5ad_files(path) ? "; its h5ad files are read by generate_cells --stream"
                                                     : "");
  }
  if (!s.obs.empty() && path == (s.obs_of.empty() ? s.data : s.obs_of))
    lc::io::join_annotation(cells, lc::io::read_annotation(s.obs), s.obs);
  for (const std::string& note : cells.notes) print_line("note: " + note);
  return cells;
}

lc::Categorical labels_of(const lc::CellTable& cells, const std::string& column, const std::string& option,
                          const std::string& file) {
  try {
    return cells.obs(column);
  } catch (const std::invalid_argument& e) {
    lc::throw_runtime(file.empty() ? "" : file + ": ", sentence(e), " (", option, " chooses)");
  }
}

int level_of(const lc::Categorical& labels, const std::string& level, const std::string& option,
             const std::string& column) {
  const auto at = std::find(labels.levels.begin(), labels.levels.end(), level);
  if (at == labels.levels.end())
    lc::throw_runtime(option, ": there is no level '", level, "' among ", labels.list(), " in '", column, "'");
  return int(at - labels.levels.begin());
}

const lc::Matrix<float>& embedding_of(const lc::CellTable& cells, const std::string& key, const std::string& file,
                                      const std::string& option) {
  const auto at = cells.embeddings.find(key);
  if (at != cells.embeddings.end()) return at->second;
  std::string present;
  for (const auto& [name, matrix] : cells.embeddings) present += (present.empty() ? "" : ", ") + name;
  lc::throw_runtime(file, ": has no obsm entry '", key, "'; there are ", present.empty() ? "none" : present, " (",
                    option, " chooses)");
}

lc::CellTable in_genes_of(const lc::CellTable& cells, const std::vector<std::string>& genes, const std::string& file) {
  try {
    lc::AlignedGenes aligned = lc::align_genes(cells, genes);
    if (!aligned.how.empty()) print_line("note: " + file + ": genes are matched " + aligned.how);
    if (aligned.missing > 0)
      print_line(lc::text("note: ", aligned.missing, " of the model's ", genes.size(),
                          " genes are not in the file: taken as 0"));
    return std::move(aligned.cells);
  } catch (const std::invalid_argument& e) {
    const bool turned = std::any_of(cells.cell_names.begin(), cells.cell_names.end(), [&](const std::string& name) {
      return std::find(genes.begin(), genes.end(), name) != genes.end();
    });
    lc::throw_runtime(file, ": ", sentence(e),
                      turned ? "; its cells bear names of genes: --rows genes turns a table" : "");
  }
}

std::vector<std::string> match_gene_names(lc::CellTable& cells, const std::vector<std::string>& genes) {
  const lc::GeneMatch match = lc::match_genes(cells, genes);
  std::vector<std::string> own = cells.gene_names;
  if (match.how().empty()) return own;
  print_line("note: genes are matched " + match.how());
  const std::set<std::string> taken(genes.begin(), genes.end());
  for (std::size_t g = 0; g < own.size(); ++g) {
    if (match.place[g] >= 0) {
      cells.gene_names[g] = genes[std::size_t(match.place[g])];
    } else if (taken.count(own[g]) > 0) {
      cells.gene_names[g] += "_of_data";  // another gene of the same name
    }
  }
  return own;
}

void note_oddities(const lc::CellTable& train, const lc::CountRows& counts, const std::string& label) {
  if (labels_of(train, label, "--label").count(lc::Categorical::missing) == train.cells())
    lc::throw_runtime("no cell has a label in '", label, "' (--label chooses)");
  const lc::CellSums sums = lc::cell_sums(counts);
  if (const auto n = std::count(sums.library.begin(), sums.library.end(), 0.0f); n > 0)
    print_line(lc::text("note: ", n, " cells have no counts"));
  if (const auto n = std::count(sums.genes.sum.begin(), sums.genes.sum.end(), 0.0); n > 0)
    print_line(lc::text("note: ", n, " genes have no counts in the training cells"));
  if (const Index n = labels_of(train, label, "--label").count(lc::Categorical::missing); n > 0)
    print_line(lc::text("note: ", n, " cells have no label in '", label, "': trained on as unknown"));
}

}  // namespace program
