#pragma once

#include <string>

#include <latentcell/data/cell_table.hpp>

#include "report.hpp"

// Writing cells, with what the input says of them and how they were made.

namespace program {

/// A provenance, or a part of it, as uns holds it.
lc::StoredValue to_stored(const Json& value);

/// Sets a column of truth values that says which cells were measured (0) and which were not (1). A column of that name
/// that the data had is kept under another, with a note; one that a program of latentcell wrote stays as it is.
void mark_cells(lc::CellTable& cells, const std::string& column, char value);

/// The name under which a program may store its own latents or values in obsm: what the data have under it is kept
/// under another, with a note, unless a program of latentcell wrote it.
void keep_embedding(lc::CellTable& cells, const std::string& name);

/// Writes cells with a provenance in uns['latentcell'] (settings of training are in the model and the report) and with
/// what `input` says of the genes. Prints what of `input` is left out. Names that repeat get numbers, with a note.
/// provenance: of Report, with words on the values where they need some
void write_cells(const std::string& path, lc::CellTable cells, const Json& provenance,
                 const lc::CellTable* input = nullptr);

/// Marks cells that are not those of the data in obs `column`, with a provenance and what `input` says of the genes.
void mark_new_cells(lc::CellTable& cells, const std::string& column, const Json& provenance,
                    const lc::CellTable* input = nullptr);

/// Writes such cells: of the data they have what is said of the genes alone, which is no loss.
void write_new_cells(const std::string& path, lc::CellTable cells, const std::string& column, const Json& provenance,
                     const lc::CellTable* input = nullptr);

/// The same of cells of the data with other counts: what the data say of the cells goes along.
void write_corrected(const std::string& path, lc::CellTable cells, const Json& provenance, const lc::CellTable& input);

}  // namespace program
