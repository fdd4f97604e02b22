#pragma once

#include <string>
#include <vector>

#include <latentcell/data/named_genes.hpp>
#include <latentcell/io/line_reader.hpp>

namespace LATENTCELL_NAMESPACE::io {

/// Reads gene sets in the GMT format of MSigDB, gzipped or plain: a set a line, its name, a description and its genes
/// with tabs between. A set without genes is left out. Throws std::runtime_error naming the file and line.
inline std::vector<NamedGenes> read_gene_sets(const std::string& path) {
  LineReader in(path);
  std::vector<NamedGenes> out;
  std::string_view line;
  while (in.next(line)) {
    if (line.empty()) continue;
    NamedGenes set;
    Index field = 0;
    for (std::string_view rest = line;; ++field) {
      const std::string_view word = rest.substr(0, rest.find('\t'));
      if (field == 0) set.name = word;
      if (field > 1 && !word.empty()) set.genes.emplace_back(word);
      if (word.size() == rest.size()) break;
      rest.remove_prefix(word.size() + 1);
    }
    if (field == 0 || set.name.empty())
      in.fail("'", line.substr(0, 60), "' is not a gene set: a name, a description and genes with tabs between");
    if (!set.genes.empty()) out.push_back(std::move(set));
  }
  if (out.empty()) throw_runtime(path, ": holds no gene sets");
  return out;
}

}  // namespace latentcell::io
