#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/data/cell_table.hpp>
#include <latentcell/io/tenx_features.hpp>

namespace LATENTCELL_NAMESPACE::io {

/// Leaves the genes in a table whose var says by 'feature_types' or 'feature_type' that some features are of other
/// kinds, with a note. Those of Antibody Capture become the obsm entry "protein_expression", unless there is one, with
/// their names in strings as "protein_expression_columns". A table without "Gene Expression" stays as it is.
inline void split_features(CellTable& table, const std::string& where) {
  for (const char* column : {"feature_types", "feature_type"}) {
    if (!table.gene_columns.has(column)) continue;
    const std::optional<Categorical> types = to_labels(table.gene_columns.get(column));
    const std::optional<int> gene = types ? types->find_code("Gene Expression") : std::nullopt;
    if (!gene || types->count(*gene) == 0 || types->count(*gene) == types->size()) continue;
    const std::optional<int> antibody = types->find_code("Antibody Capture");
    std::vector<Index> genes, antibodies;
    std::vector<std::string> others;
    for (std::size_t g = 0; g < types->codes.size(); ++g) {
      const int code = types->codes[g];
      if (code == *gene) {
        genes.push_back(Index(g));
      } else if (antibody && code == *antibody && table.embeddings.count(protein_entry) == 0) {
        antibodies.push_back(Index(g));
      } else {
        others.push_back(code < 0 ? "" : types->levels[to_size(code)]);
      }
    }
    CellTable out = table.select_genes(genes);
    out.notes = table.notes;
    if (!antibodies.empty()) {
      const CellTable proteins = table.select_genes(antibodies);
      detail::put_proteins(out, proteins.counts.view(), proteins.gene_names, where);
    }
    if (!others.empty())
      out.notes.push_back(text(where, ": ", others.size(), others.size() == 1 ? " feature was" : " features were",
                               " left out (", detail::tally(others), ")"));
    table = std::move(out);
    return;
  }
}

}  // namespace latentcell::io
