#pragma once

#include <charconv>
#include <cmath>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <latentcell/io/delimited.hpp>

namespace LATENTCELL_NAMESPACE::io {

/// Embeddings of genes from a text file: a name and a vector per gene.
struct GeneEmbeddings {
  std::vector<std::string> genes;  ///< (N)
  Matrix<float> values;            ///< (N, E)
};

/// Reads a CSV or TSV of embeddings, gzipped or plain, one row a gene: its name, then its numbers. A first line without
/// any number is a header. Throws std::runtime_error naming the file and line: ragged rows, fields that are no finite
/// numbers, a gene without a name or twice.
inline GeneEmbeddings read_gene_embeddings(const std::string& path) {
  LineReader in(path);
  GeneEmbeddings out;
  std::unordered_map<std::string, Index> lines;  // of each gene
  std::string_view line, field;
  std::vector<float> numbers;
  char delimiter = '\0';
  Index depth = -1;
  bool first = true;
  const auto number = [](std::string_view word, float& value) {
    while (!word.empty() && word.front() == ' ') word.remove_prefix(1);
    while (!word.empty() && word.back() == ' ') word.remove_suffix(1);
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    return error == std::errc() && end == word.data() + word.size() && std::isfinite(value);
  };
  while (in.next(line)) {
    if (line.empty()) continue;
    if (delimiter == '\0') delimiter = detail::find_delimiter(path, line);
    detail::Fields row(in, line, delimiter);
    row.next(field);
    std::string gene(field);
    std::vector<float> own;
    std::string wrong;
    Index fields = 0, bad = 0;
    for (float value = 0; row.next(field); ++fields) {
      if (number(field, value)) {
        own.push_back(value);
      } else if (bad++ == 0) {
        wrong = text("field ", fields + 2, ", '", field.substr(0, 60), "', is not a finite number");
      }
    }
    if (fields == 0) in.fail("'", line.substr(0, 60), "' is not a gene's name and its numbers");
    if (depth >= 0 && fields != depth)
      in.fail("'", gene, "' has ", fields, " numbers but the lines before it have ", depth);
    depth = fields;
    const bool header = std::exchange(first, false) && bad == fields;
    if (header) continue;
    if (bad > 0) in.fail(wrong);
    if (gene.empty()) in.fail("the gene has no name");
    if (const auto [at, added] = lines.emplace(gene, in.number()); !added)
      in.fail("'", gene, "' already occurs in line ", at->second);
    out.genes.push_back(std::move(gene));
    numbers.insert(numbers.end(), own.begin(), own.end());
  }
  if (out.genes.empty()) throw_runtime(path, ": holds no embeddings");
  out.values = ConstView<float>(numbers.data(), Index(out.genes.size()), depth);
  return out;
}

}  // namespace latentcell::io
