#pragma once

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE::io {

namespace detail {

/// Whether some names have the same hash; where none have, no two names are the same. 8 bytes a name.
inline bool may_repeat(std::span<const std::string> names) {
  std::vector<std::size_t> hashes;
  hashes.reserve(names.size());
  for (const std::string& name : names) hashes.push_back(std::hash<std::string>()(name));
  std::sort(hashes.begin(), hashes.end());
  return std::adjacent_find(hashes.begin(), hashes.end()) != hashes.end();
}

}  // namespace detail

/// Appends -1, -2, ... to repeated names, skipping names that are taken, as anndata.var_names_make_unique does.
/// Returns the number of renamed entries.
inline Index make_unique(std::span<std::string> names) {
  if (!detail::may_repeat(names)) return 0;
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
inline void make_unique(std::span<std::string> names, const std::string& where, std::vector<std::string>& notes,
                        const char* what) {
  const Index renamed = make_unique(names);
  if (renamed > 0) {
    notes.push_back(text(where, ": ", renamed, " ", what, renamed == 1 ? " was" : "s were",
                         " there before: made unique with -1, -2"));
  }
}

}  // namespace latentcell::io
