#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <latentcell/data/align_genes.hpp>
#include <latentcell/data/filter.hpp>
#include <latentcell/data/simulate_multiomics.hpp>
#include <latentcell/multiomics/model.hpp>

#include "joint_latent.hpp"

// Cells measured in several ways at once: read, and parts of them as models take them.

namespace program {

struct OmicsSettings {
  std::string key = "protein_expression", also, rna_only;  // obsm entries, and a file of cells with RNA alone
};

inline lc::Modality rna_of(const lc::CellTable& cells) {
  return {"rna", cells.counts, std::vector<char>(lc::to_size(cells.cells()), 1), cells.gene_names};
}

/// A modality that a file holds in obsm; names of its features from `protein_names`, where they are as many.
inline lc::Modality modality_of(const lc::CellTable& cells, const std::string& key, const std::string& file,
                                const char* option) {
  const lc::Matrix<float>& values = embedding_of(cells, key, file, option);
  const auto names = cells.strings.find("protein_names");
  const bool named = names != cells.strings.end() && Index(names->second.size()) == values.cols();
  try {
    return lc::dense_modality(key, values, named ? names->second : std::vector<std::string>{});
  } catch (const std::invalid_argument& e) {
    lc::throw_runtime(file, ": ", e.what());
  }
}

/// All that is known: cells with RNA, their proteins, a further modality perhaps, and RNA of other cells.
struct Omics {
  lc::CellTable cells;
  lc::Modality protein;
  std::optional<lc::Modality> also;
  std::optional<lc::CellTable> rna_only;
};

inline Omics read_omics(const Common& s, const OmicsSettings& which, lc::Rng& rng) {
  Omics d;
  const std::string name = s.data.empty() ? "simulated cells" : s.data;
  d.cells = s.data.empty() ? lc::simulate_multiomics({}, rng) : read(s, s.data);
  d.protein = modality_of(d.cells, which.key, name, "--protein-key");
  const std::string also = s.data.empty() && which.also.empty() ? "accessibility" : which.also;
  if (!also.empty()) d.also = modality_of(d.cells, also, name, "--also");
  const auto there = std::count(d.protein.measured.begin(), d.protein.measured.end(), char(1));
  if (there == 0) lc::throw_runtime(name, ": no cell has '", which.key, "'");
  if (d.protein.features.size() < 2)
    lc::throw_runtime(name, ": '", which.key, "' has one column, which at one depth is the same in every cell");
  if (there < d.cells.cells())
    say(lc::text("note: ", d.cells.cells() - there, " cells have no '", which.key, "': they are predicted"));
  if (!which.rna_only.empty()) {
    d.rna_only = read(s, which.rna_only);
    try {
      const lc::AlignedGenes seen = lc::align_genes(*d.rna_only, d.cells.gene_names);
      if (seen.missing + seen.extra > 0)
        say(lc::text("note: ", which.rna_only, " lacks ", seen.missing, " of the genes and has ", seen.extra,
                     " others: ", d.cells.genes() - seen.missing, " are shared"));
    } catch (const std::invalid_argument& e) {
      lc::throw_runtime(which.rna_only, ": ", e.what());
    }
    // Numbers here and labels there cannot stand in one column.
    const auto numbers = [](const lc::Column& c) { return std::holds_alternative<std::vector<double>>(c); };
    lc::Annotation kept(d.rna_only->cells());
    for (const auto& [column, values] : d.rna_only->cell_columns.columns()) {
      if (d.cells.cell_columns.has(column) && numbers(d.cells.cell_columns.get(column)) != numbers(values)) {
        say("note: obs '" + column + "' holds numbers in one of the files and labels in the other: it is left out");
      } else {
        kept.set(column, values);
      }
    }
    d.rna_only->cell_columns = std::move(kept);
  }
  return d;
}

/// Modalities of some of the cells, in the genes that are seen often enough there.
struct OmicsPart {
  lc::Modality rna, protein;
  std::optional<lc::Modality> also;

  std::vector<lc::Modality> sources() const {
    std::vector<lc::Modality> out{rna};
    if (also) out.push_back(*also);
    return out;
  }
};

/// Cells by row. An empty `genes` takes those seen in 10 of these cells or more; else it says which.
inline OmicsPart part_of(const Omics& d, const std::vector<Index>& rows, std::vector<std::string>& genes) {
  lc::CellTable cells = d.cells.select_cells(rows);
  if (genes.empty()) {
    cells = lc::filter_genes(cells, lc::GeneFilterOptions{.min_cells = 10});
    genes = cells.gene_names;
  } else {
    cells = lc::align_genes(cells, genes).cells;
  }
  return {rna_of(cells), lc::select_cells(d.protein, rows),
          d.also ? std::optional(lc::select_cells(*d.also, rows)) : std::nullopt};
}

/// A modality of so many cells that do not have it.
inline lc::Modality nothing(const std::string& name, const std::vector<std::string>& features, Index cells) {
  lc::Modality out{name, lc::Counts(Index(features.size())), std::vector<char>(lc::to_size(cells), 0), features};
  for (Index i = 0; i < cells; ++i) out.counts.end_row();
  return out;
}

/// The training cells and those that have RNA alone: components and the joint latent are told by both.
inline OmicsPart with_rna_only(const OmicsPart& train, const Omics& d) {
  OmicsPart out = train;
  if (!d.rna_only) return out;
  const lc::CellTable more = lc::align_genes(*d.rna_only, train.rna.features).cells;
  const auto add = [](lc::Modality& to, const lc::Modality& from) {
    for (Index i = 0; i < from.cells(); ++i) to.counts.push_row(from.counts.view(), i);
    to.measured.insert(to.measured.end(), from.measured.begin(), from.measured.end());
  };
  add(out.rna, rna_of(more));
  add(out.protein, nothing(train.protein.name, train.protein.features, more.cells()));
  if (out.also) add(*out.also, nothing(train.also->name, train.also->features, more.cells()));
  return out;
}

inline std::vector<lc::Modality> joint_cells(const OmicsPart& p) { return in_order(p.rna, p.protein, p.also); }

/// What a model needs of cells with RNA alone.
inline OmicsPart rna_alone(const lc::multiomics::Model& model, const lc::CellTable& cells) {
  const auto none = [&](const lc::conformal::ModalityEncoder& c) { return nothing(c.name(), c.features(), cells.cells()); };
  OmicsPart out{rna_of(lc::align_genes(cells, model.sources.front().features()).cells), none(model.target), std::nullopt};
  if (model.sources.size() > 1) out.also = none(model.sources[1]);
  return out;
}

}  // namespace program
