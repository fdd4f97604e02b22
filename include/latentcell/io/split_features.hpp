#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/data/cell_table.hpp>
#include <latentcell/io/tenx_features.hpp>

namespace LATENTCELL_NAMESPACE::io {

/// The features of a table by kind, as its var says.
struct FeatureKinds {
  std::vector<Index> genes, antibodies;
  std::vector<std::string> others;  ///< kinds of the rest, one entry a feature
};

/// What var says by 'feature_types' or 'feature_type' of features of several kinds; nothing where all are genes, and
/// where none is said to be "Gene Expression".
inline std::optional<FeatureKinds> feature_kinds(const Annotation& gene_columns) {
  for (const char* column : {"feature_types", "feature_type"}) {
    if (!gene_columns.has(column)) continue;
    const std::optional<Categorical> types = to_labels(gene_columns.get(column));
    const std::optional<int> gene = types ? types->find_code("Gene Expression") : std::nullopt;
    if (!gene || types->count(*gene) == 0 || types->count(*gene) == types->size()) continue;
    const std::optional<int> antibody = types->find_code("Antibody Capture");
    FeatureKinds out;
    for (std::size_t g = 0; g < types->codes.size(); ++g) {
      const int code = types->codes[g];
      if (code == *gene) {
        out.genes.push_back(Index(g));
      } else if (antibody && code == *antibody) {
        out.antibodies.push_back(Index(g));
      } else {
        out.others.push_back(code < 0 ? "" : types->levels[to_size(code)]);
      }
    }
    return out;
  }
  return std::nullopt;
}

/// Adds a note about features that are left out, where there are any.
inline void note_left_out(const std::vector<std::string>& kinds, const std::string& where,
                          std::vector<std::string>& notes) {
  if (kinds.empty()) return;
  notes.push_back(text(where, ": ", kinds.size(), kinds.size() == 1 ? " feature was" : " features were", " left out (",
                       detail::tally(kinds), ")"));
}

/// Leaves the genes in a table whose var says by 'feature_types' or 'feature_type' that some features are of other
/// kinds, with a note. Those of Antibody Capture become the obsm entry "protein_expression", unless there is one, with
/// their names in strings as "protein_expression_columns". A table without "Gene Expression" stays as it is.
inline void split_features(CellTable& table, const std::string& where) {
  std::optional<FeatureKinds> kinds = feature_kinds(table.gene_columns);
  if (!kinds) return;
  if (table.embeddings.count(protein_entry) > 0) {
    kinds->others.insert(kinds->others.end(), kinds->antibodies.size(), "Antibody Capture");
    kinds->antibodies.clear();
  }
  CellTable out = table.select_genes(kinds->genes);
  out.notes = table.notes;
  if (!kinds->antibodies.empty()) {
    const CellTable proteins = table.select_genes(kinds->antibodies);
    detail::put_proteins(out, proteins.counts.view(), proteins.gene_names, where);
  }
  note_left_out(kinds->others, where, out.notes);
  table = std::move(out);
}

}  // namespace latentcell::io
