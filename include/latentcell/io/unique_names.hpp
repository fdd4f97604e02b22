#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE::io {

/// Throws std::runtime_error where a name appears twice: "pbmc.h5ad: obs/_index: 'AAAC-1' names rows 3 and 17 (counted
/// from 0); names must be unique".
inline void require_unique(std::span<const std::string> names, const std::string& where) {
  std::unordered_map<std::string_view, std::size_t> first_row;
  first_row.reserve(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto [at, is_new] = first_row.try_emplace(names[i], i);
    if (!is_new) {
      throw_runtime(where, ": '", names[i], "' names rows ", at->second, " and ", i,
                    " (counted from 0); names must be unique");
    }
  }
}

/// Appends -1, -2, ... to repeated names, skipping names that are taken, as anndata.var_names_make_unique does.
/// Returns the number of renamed entries.
inline Index make_unique(std::span<std::string> names) {
  std::unordered_set<std::string> taken;
  std::vector<std::size_t> repeated;
  taken.reserve(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!taken.insert(names[i]).second) repeated.push_back(i);
  }
  std::unordered_map<std::string, int> last;
  for (std::size_t i : repeated) {
    int& number = last[names[i]];
    std::string unique;
    do {
      unique = text(names[i], "-", ++number);
    } while (!taken.insert(unique).second);
    names[i] = std::move(unique);
  }
  return Index(repeated.size());
}

/// Runs make_unique and appends a note for CellTable::notes.
inline void make_unique(std::span<std::string> names, const std::string& where, std::vector<std::string>& notes) {
  const Index renamed = make_unique(names);
  if (renamed > 0) {
    notes.push_back(text(where, ": ", renamed, renamed == 1 ? " gene name was" : " gene names were",
                         " there before: made unique with -1, -2"));
  }
}

}  // namespace latentcell::io
