#include "read.hpp"

namespace program {

lc::CellTable read_cells(const Common& s, const std::string& path) {
  doing("reading " + path);
  lc::CellTable cells = lc::io::read_cells(path, {.layer = s.layer});
  for (const std::string& note : cells.notes) print_line("note: " + note);
  return cells;
}

lc::Categorical labels_of(const lc::CellTable& cells, const std::string& column, const std::string& option,
                          const std::string& file) {
  try {
    return cells.obs(column);
  } catch (const std::invalid_argument& e) {
    lc::throw_runtime(file.empty() ? "" : file + ": ", e.what(), " (", option, " chooses)");
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
    if (aligned.missing > 0)
      print_line(lc::text("note: ", aligned.missing, " of the model's ", genes.size(),
                          " genes are not in the file: taken as 0"));
    return std::move(aligned.cells);
  } catch (const std::invalid_argument& e) {
    lc::throw_runtime(file, ": ", e.what());
  }
}

void note_oddities(const lc::CellTable& train, const std::string& label) {
  const lc::Totals cells = lc::cell_totals(train.counts), genes = lc::gene_totals(train.counts);
  if (const auto n = std::count(cells.counts.begin(), cells.counts.end(), 0.0); n > 0)
    print_line(lc::text("note: ", n, " cells have no counts"));
  if (const auto n = std::count(genes.counts.begin(), genes.counts.end(), 0.0); n > 0)
    print_line(lc::text("note: ", n, " genes have no counts in the training cells"));
  if (const Index n = labels_of(train, label, "--label").count(lc::Categorical::missing); n > 0)
    print_line(lc::text("note: ", n, " cells have no label in '", label, "': trained on as unknown"));
}

}  // namespace program
