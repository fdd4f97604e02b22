#pragma once

#include <string>
#include <utility>
#include <vector>

#include <latentcell/data/cell_table.hpp>
#include <latentcell/io/hdf5_matrix.hpp>
#include <latentcell/io/tenx_features.hpp>
#include <latentcell/io/try_hdf5.hpp>

namespace LATENTCELL_NAMESPACE::io {

namespace detail {

inline bool is_tenx_group(const Hdf5Object& group) {
  return group.is_group() && group.has("barcodes") && group.has("indptr");
}

/// The group that holds the matrix: "matrix" of version 3, the genome of version 2.
inline Hdf5Object open_tenx_group(const Hdf5Object& root, const std::string& genome) {
  if (root.has("matrix")) return root.open("matrix");
  std::vector<std::string> genomes;
  for (const std::string& name : root.children()) {
    if (is_tenx_group(root.open(name))) genomes.push_back(name);
  }
  if (genomes.empty()) {
    root.fail("is no 10x file: it has neither 'matrix' nor a genome; there are ", Hdf5Object::list(root.children()));
  }
  if (genome.empty() && genomes.size() == 1) return root.open(genomes[0]);
  for (const std::string& name : genomes) {
    if (name == genome) return root.open(name);
  }
  if (genome.empty()) root.fail("has several genomes, choose one (genome): ", Hdf5Object::list(genomes));
  root.fail("has no genome '", genome, "'; there are ", Hdf5Object::list(genomes));
}

inline TenxFeatures read_tenx_features(const Hdf5Object& group, Index features) {
  TenxFeatures out;
  const auto read = [&](const Hdf5Object& from, const char* name, std::vector<std::string>& to) {
    if (!from.has(name)) return;
    const Hdf5Object data = from.open(name);
    to = read_texts(data);
    if (Index(to.size()) != features)
      data.fail("has ", to.size(), " entries but the matrix has ", features, " features");
  };
  if (!group.has("features")) {
    group.open("genes");
    read(group, "genes", out.ids);
    read(group, "gene_names", out.symbols);
    return out;
  }
  const Hdf5Object from = group.open("features");
  from.open("id");
  read(from, "id", out.ids);
  read(from, "name", out.symbols);
  read(from, "feature_type", out.types);
  read(from, "genome", out.genomes);
  return out;
}

}  // namespace detail

/// Reads a matrix that Cell Ranger wrote to HDF5, version 2 (a group a genome) or 3 (the group "matrix"). The gene id
/// is the name of a gene; its symbol is the var column gene_symbol.
/// Throws std::runtime_error with one sentence naming the file, the field and the numbers.
inline CellTable read_tenx_hdf5(const std::string& path, const TenxOptions& options = {}) {
  const Hdf5Quiet quiet;
  if (options.try_first) try_hdf5(path);
  const Hdf5Object root = Hdf5Object::open_file(path);
  const Hdf5Object group = detail::open_tenx_group(root, options.genome);
  const std::vector<std::int64_t> shape = read_numbers<std::int64_t>(group.open("shape"));
  if (shape.size() != 2) group.fail("shape has ", shape.size(), " entries, not 2");
  std::vector<std::string> barcodes = read_texts(group.open("barcodes"));
  if (Index(barcodes.size()) != shape[1]) {
    group.fail("names ", barcodes.size(), " barcodes but its shape is ", shape[0], " features x ", shape[1], " cells");
  }
  TenxFeatures features = detail::read_tenx_features(group, Index(shape[0]));
  if (!options.genome.empty() && features.genomes.empty() && group.name() == "matrix") {
    group.fail("lists no genomes, so '", options.genome, "' cannot be picked");
  }
  if (barcodes.empty() || features.ids.empty()) {
    group.fail("is empty: ", barcodes.size(), " cells x ", features.ids.size(), " features");
  }
  Rounding rounding;
  const ValueCheck check{options.values, text(path, ": ", group.name()), "", barcodes, features.ids, &rounding};
  RawRows raw;
  Hdf5Rows(group, Index(barcodes.size()), Index(features.ids.size())).read(0, Index(barcodes.size()), check, raw);
  CellTable table = make_tenx_table(path, std::move(barcodes), std::move(features), std::move(raw), options);
  rounding.note(group.where(), table.notes);
  return table;
}

}  // namespace latentcell::io
