#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <latentcell/data/cell_table.hpp>

namespace LATENTCELL_NAMESPACE {

/// How the genes of a table were found among others.
struct GeneMatch {
  std::vector<std::int32_t> place;  ///< (genes of the table) index among the target genes, -1 for none of them
  Index matched = 0;                ///< target genes that the table has
  std::string key = "";             ///< var column that holds the names; empty: the names themselves
  bool without_versions = false;    ///< ENSG00000141510.17 counts as ENSG00000141510

  /// "by var 'gene_symbol', versions ignored": what was done beyond comparing names; may be empty.
  std::string how() const {
    std::string out = !key.empty() ? text("by var '", key, "'") : without_versions ? "by name" : "";
    if (without_versions) out += ", versions of gene ids ignored";
    return out;
  }
};

namespace detail {

/// An Ensembl id without its version: ENSG00000141510.17 is ENSG00000141510. Other names are as they are.
inline std::string_view without_version(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot + 1 == name.size() || !name.starts_with("ENS")) return name;
  const std::string_view version = name.substr(dot + 1);
  const bool number = std::all_of(version.begin(), version.end(), [](char c) { return c >= '0' && c <= '9'; });
  return number ? name.substr(0, dot) : name;
}

inline GeneMatch match_names(std::span<const std::string> names, std::span<const std::string> targets,
                             std::string key) {
  GeneMatch exact{{}, 0, key, false}, bare{{}, 0, std::move(key), true};
  for (GeneMatch* match : {&exact, &bare}) {
    const auto view = [&](std::string_view name) { return match->without_versions ? without_version(name) : name; };
    std::unordered_map<std::string_view, std::int32_t> place;
    for (std::size_t g = 0; g < targets.size(); ++g) place.emplace(view(targets[g]), std::int32_t(g));
    std::vector<char> taken(targets.size(), 0);
    for (const std::string& name : names) {
      const auto at = place.find(view(name));
      const bool found = at != place.end() && taken[std::size_t(at->second)] == 0;  // of genes of one name the first
      match->place.push_back(found ? at->second : -1);
      if (found) taken[std::size_t(at->second)] = 1;
      match->matched += found;
    }
  }
  return bare.matched > exact.matched ? bare : exact;
}

}  // namespace detail

/// Finds the genes of a table among others: by name, or by the var column of texts that finds most (ids, symbols), with
/// and without the versions of Ensembl ids. Names win over columns that find no more.
inline GeneMatch match_genes(const CellTable& cells, std::span<const std::string> genes) {
  GeneMatch best = detail::match_names(cells.gene_names, genes, "");
  for (const auto& [name, column] : cells.gene_columns.columns()) {
    std::vector<std::string> own;
    if (const auto* texts = std::get_if<std::vector<std::string>>(&column)) own = *texts;
    if (const auto* texts = std::get_if<NullableTexts>(&column)) own = texts->values;
    if (const auto* labels = std::get_if<Categorical>(&column)) {
      for (const int code : labels->codes) own.push_back(code < 0 ? "" : labels->levels[to_size(code)]);
    }
    if (own.empty()) continue;
    GeneMatch by = detail::match_names(own, genes, name);
    if (by.matched > best.matched) best = std::move(by);
  }
  return best;
}

}  // namespace latentcell
