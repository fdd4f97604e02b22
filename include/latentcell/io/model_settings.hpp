#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <latentcell/autodiff/visit.hpp>
#include <latentcell/core/options.hpp>
#include <latentcell/io/safetensors.hpp>
#include <latentcell/io/setting_text.hpp>

// Options and settings of a model, and how they are written to and read from the metadata of a safetensors file. Used
// by io/save_model.hpp.

namespace LATENTCELL_NAMESPACE::io::detail {

template <class M>
using OptionsOf = std::remove_cvref_t<decltype(std::declval<M&>().options)>;

template <class M>
concept HasOptions = requires(M& m) {
  m.options;
}
&&VisitedOptions<OptionsOf<M>>;

inline std::string joined_name(std::string_view prefix, std::string_view name) {
  return prefix.empty() ? std::string(name) : text(prefix, ".", name);
}

/// Calls f(name, value, range) for each option and setting of a model.
template <class Thing, class F>
void walk_settings(const std::string& name, Thing& thing, const OptionRange& range, F& f) {
  namespace base = latentcell::detail;
  using Plain = std::remove_const_t<Thing>;
  if constexpr (base::is_option_value<Plain>) {
    f(std::string_view(name), thing, range);
  } else if constexpr (base::is_vector<Plain>) {
    for (std::size_t i = 0; i < thing.size(); ++i) walk_settings(text(name, ".", i), thing[i], {}, f);
  } else if constexpr (base::is_optional<Plain>) {
    if (thing) walk_settings(name, *thing, {}, f);
  } else if constexpr (!base::is_param<Plain> && !base::is_buffer<Plain>) {
    const void* options = nullptr;
    if constexpr (HasOptions<Plain>) {
      base::walk_options(joined_name(name, "options"), thing.options, {}, f);
      options = &thing.options;
    }
    Plain::visit(thing, [&](std::string_view part, auto& member, const OptionRange& of = {}) {
      if (static_cast<const void*>(&member) == options && part == "options") return;
      walk_settings(joined_name(name, part), member, of, f);
    });
  }
}

/// The beginning of a setting for a message, on one line.
inline std::string one_line(std::string given) {
  while (!given.empty() && given.back() == '\n') given.pop_back();
  std::replace(given.begin(), given.end(), '\n', ' ');
  return given.substr(0, 60);
}

/// Whether no number of a setting is NaN, but for those that setting_text wrote. Infinite ones have no range to be out
/// of.
template <class V>
bool is_meant(const V& value, std::string_view given) {
  if constexpr (std::is_floating_point_v<V>) {
    return !std::isnan(value) || given.starts_with("nan:");
  } else if constexpr (latentcell::detail::is_option_list<V>) {
    if constexpr (std::is_floating_point_v<typename V::value_type>) {
      return given.find("nan:") != std::string_view::npos ||
             std::all_of(value.begin(), value.end(), [](auto one) { return !std::isnan(one); });
    }
  }
  return true;
}

/// Fails unless an entry holds a factor of the learning rate, one of the weight decay, and whether a Param is frozen.
inline void require_factors(const std::string& path, const std::string& key, const std::string& given) {
  constexpr double most = 1e4;
  std::vector<double> factors;
  const bool good = parse_setting(std::string_view(given), factors) && factors.size() == 3 && factors[0] >= 0 &&
                    factors[0] <= most && factors[1] >= 0 && factors[1] <= most && (factors[2] == 0 || factors[2] == 1);
  if (!good)
    throw_runtime(path, ": entry '", key, "' is '", one_line(given), "', not three numbers: two factors of 0 to ", most,
                  " and 0 or 1");
}

/// Fails where a tensor holds infinities or NaN.
template <class N>
void require_finite(const std::string& path, const SafeTensors::Tensor& t) {
  for (std::size_t i = 0; i + sizeof(N) <= t.bytes.size(); i += sizeof(N)) {
    N value;
    std::memcpy(&value, t.bytes.data() + i, sizeof(N));
    if (!std::isfinite(value))
      throw_runtime(path, ": tensor '", t.name, "' holds ", value, " at ", i / sizeof(N), ": values must be finite");
  }
}

/// The entry with the largest whole number, for messages: "'options.hidden', 100000000".
inline std::string largest_size(const SafeTensors& file) {
  std::string key;
  std::int64_t largest = 0;
  for (const auto& [name, word] : file.metadata) {
    std::int64_t value = 0;
    if (name.ends_with("seed") || !parse_setting(std::string_view(word).substr(0, word.find('\n')), value)) continue;
    if (value > largest) largest = value, key = name;
  }
  return text("'", key, "', ", largest);
}

/// Puts options and settings into metadata.
struct SettingWriter {
  SafeTensors& to;

  template <class V>
  void operator()(std::string_view name, const V& value, const OptionRange& range) const {
    const std::string fault = latentcell::detail::option_fault(value, range);
    LATENTCELL_REQUIRE(fault.empty(), "save_model: ", name, " ", fault);
    to.describe(std::string(name), setting_text(value));
  }
  // The number of options in a list of Options structs.
  void resize(const std::string& name, const auto& list) const {
    if constexpr (requires { list.size(); }) {
      to.describe(name, setting_text(list.size()));
    } else {
      to.describe(name, setting_text(std::size_t(list.has_value())));
    }
  }
};

/// Takes options and settings out of metadata.
struct SettingReader {
  const SafeTensors& from;
  const std::string& path;
  std::set<std::string, std::less<>>* used;  // entries that were read, or null
  enum class Purpose { build, check, assign } purpose;

  const std::string& word(std::string_view name) const {
    const auto at = from.metadata.find(std::string(name));
    if (at == from.metadata.end()) throw_runtime(path, ": has no entry '", name, "'");
    if (used != nullptr) used->insert(at->first);
    return at->second;
  }
  template <class V>
  void operator()(std::string_view name, V& value, const OptionRange& range) const {
    const std::string& given = word(name);
    V read{};
    if (!parse_setting(std::string_view(given), read))
      throw_runtime(path, ": entry '", name, "' is '", one_line(given), "', not ", setting_kind<V>());
    if (!is_meant(read, given)) throw_runtime(path, ": entry '", name, "' is '", one_line(given), "', not a number");
    const std::string fault = latentcell::detail::option_fault(read, range);
    if (!fault.empty()) throw_runtime(path, ": entry '", name, "' ", fault);
    if (purpose == Purpose::build) {
      require_sensible(name, read, range);
    } else {
      require_same_shape(name, given, value, read, range);
    }
    if (purpose != Purpose::check) value = std::move(read);
  }
  template <class V>
  void resize(const std::string& name, V& list) const {
    std::size_t count = 0, most = from.metadata.size();
    if constexpr (latentcell::detail::is_optional_option<V>) most = 1;
    const std::string& given = word(name);
    if (!parse_setting(std::string_view(given), count) || count > most)
      throw_runtime(path, ": entry '", name, "' is '", one_line(given), "', not a number of options up to ", most);
    if constexpr (latentcell::detail::is_optional_option<V>) {
      require_count(name, std::size_t(list.has_value()), count);
      if (purpose != Purpose::build) return;
      list.reset();
      if (count == 1) list.emplace();
    } else {
      require_count(name, list.size(), count);
      if (purpose == Purpose::build) list = V(count);
    }
  }

 private:
  void require_count(const std::string& name, std::size_t mine, std::size_t count) const {
    if (purpose != Purpose::build && mine != count)
      throw_runtime(path, ": entry '", name, "' counts ", count, " but the model has ", mine);
  }
  // Products of two sizes must not overflow.
  template <class V>
  void require_sensible(std::string_view name, const V& read, const OptionRange& range) const {
    if constexpr (latentcell::detail::is_option_list<V>) {
      for (const auto& element : read) require_sensible(name, element, range);
    } else if constexpr (std::is_integral_v<V>) {
      constexpr double most = 1e8;
      if (range.is_fixed && double(read) > most)
        throw_runtime(path, ": entry '", name, "' is ", +read, ", not a sensible size");
    }
  }
  template <class V>
  void require_same_shape(std::string_view name, const std::string& given, const V& mine, const V& read,
                          const OptionRange& range) const {
    if (range.is_fixed && setting_text(mine) != given) {
      throw_runtime(path, ": entry '", name, "' is '", one_line(given), "' but the model was built with '",
                    one_line(setting_text(mine)), "'");
    }
    if constexpr (latentcell::detail::is_option_list<V>) {
      if (!mine.empty() && mine.size() != read.size())
        throw_runtime(path, ": entry '", name, "' has ", read.size(), " elements but the model's has ", mine.size());
    }
  }
};

}  // namespace latentcell::io::detail
