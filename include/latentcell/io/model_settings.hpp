#pragma once

#include <algorithm>
#include <cstddef>
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
      throw_runtime(path, ": entry '", name, "' is '", given.substr(0, 60), "', not ", setting_kind<V>());
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
      throw_runtime(path, ": entry '", name, "' is '", given.substr(0, 60), "', not a number of options up to ", most);
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
      const auto one_line = [](std::string s) {
        while (!s.empty() && s.back() == '\n') s.pop_back();
        std::replace(s.begin(), s.end(), '\n', ' ');
        return s.substr(0, 60);
      };
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
