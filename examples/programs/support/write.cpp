#include "write.hpp"

#include <latentcell/data/carry_annotation.hpp>
#include <latentcell/io/h5ad_write.hpp>
#include <latentcell/io/unique_names.hpp>

namespace program {

namespace {

bool is_own(const lc::CellTable& cells) {
  return cells.stored.count("uns/latentcell") > 0 || cells.strings.count("latentcell") > 0;
}

template <class Taken>
std::string free_name(const std::string& name, const Taken& taken) {
  std::string out = name + "_of_data";
  for (int k = 2; taken(out); ++k) out = lc::text(name, "_of_data_", k);
  return out;
}

}  // namespace

lc::StoredValue to_stored(const Json& value) {
  if (value.is_boolean()) return lc::stored_boolean(value.get<bool>());
  if (value.is_number_integer()) return lc::stored_integer(value.get<std::int64_t>());
  if (value.is_number()) return lc::stored_real(value.get<double>());
  if (value.is_string()) return lc::stored_text(value.get<std::string>());
  if (value.is_object()) {
    std::map<std::string, lc::StoredValue> children;
    for (const auto& [name, inner] : value.items()) children.emplace(name, to_stored(inner));
    return lc::stored_mapping(std::move(children));
  }
  std::vector<std::string> texts;
  for (const Json& one : value) texts.push_back(one.is_string() ? one.get<std::string>() : one.dump());
  return value.is_array() ? lc::stored_texts(std::move(texts)) : lc::stored_text("");
}

void mark_cells(lc::CellTable& cells, const std::string& column, char value) {
  if (cells.cell_columns.has(column)) {
    const lc::Column had = cells.cell_columns.get(column);
    const bool own = std::holds_alternative<lc::Booleans>(had) && is_own(cells);
    if (own && value == 0) return;  // cells of an earlier round stay marked
    if (!own) {
      const std::string other =
          free_name(column, [&](const std::string& name) { return cells.cell_columns.has(name); });
      cells.cell_columns.set(other, had);
      print_line("note: the data have an obs column '" + column + "': it is kept as '" + other + "'");
    }
  }
  cells.cell_columns.set(column, lc::Booleans{std::vector<char>(lc::to_size(cells.cells()), value), {}});
}

void keep_embedding(lc::CellTable& cells, const std::string& name) {
  const auto at = cells.embeddings.find(name);
  if (at == cells.embeddings.end() || is_own(cells)) return;
  const std::string other = free_name(name, [&](const std::string& n) { return cells.embeddings.count(n) > 0; });
  cells.embeddings[other] = std::move(at->second);
  cells.embeddings.erase(name);
  print_line("note: the data have an obsm entry '" + name + "': it is kept as '" + other + "'");
}

void write_cells(const std::string& path, lc::CellTable cells, const Json& provenance, const lc::CellTable* input) {
  if (input != nullptr) lc::carry_annotation(cells, *input);
  cells.strings.erase("latentcell");
  cells.stored["uns/latentcell"] = to_stored(provenance);
  if (const Index renamed = lc::io::make_unique(cells.cell_names); renamed > 0)
    print_line(lc::text("note: ", renamed, " cells have names that others have: numbers are added to them"));
  if (input != nullptr) {
    std::string lost;
    for (const std::string& place : lc::left_out(*input, cells)) lost += (lost.empty() ? "" : ", ") + place;
    if (!lost.empty()) print_line("note: of the data, " + path + " does not have " + lost);
  }
  lc::io::write_h5ad(path, cells);
}

void mark_new_cells(lc::CellTable& cells, const std::string& column, const Json& provenance,
                    const lc::CellTable* input) {
  mark_cells(cells, column, 1);
  if (input != nullptr) lc::carry_annotation(cells, *input);
  cells.strings.erase("latentcell");
  cells.stored["uns/latentcell"] = to_stored(provenance);
}

void write_new_cells(const std::string& path, lc::CellTable cells, const std::string& column, const Json& provenance,
                     const lc::CellTable* input) {
  mark_new_cells(cells, column, provenance, input);
  write_cells(path, std::move(cells), provenance);
}

void write_corrected(const std::string& path, lc::CellTable cells, const Json& provenance, const lc::CellTable& input) {
  for (const auto& [name, column] : input.cell_columns.columns()) {
    if (!cells.cell_columns.has(name)) cells.cell_columns.set(name, column);
  }
  cells.embeddings.insert(input.embeddings.begin(), input.embeddings.end());
  write_cells(path, std::move(cells), provenance, &input);
}

}  // namespace program
