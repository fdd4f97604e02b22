#pragma once

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <new>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <latentcell/autodiff/value_budget.hpp>
#include <latentcell/autodiff/visit.hpp>
#include <latentcell/core/options.hpp>
#include <latentcell/core/rng.hpp>
#include <latentcell/core/version.hpp>
#include <latentcell/io/model_settings.hpp>
#include <latentcell/io/safetensors.hpp>
#include <latentcell/io/setting_text.hpp>

// A model in one safetensors file, with all that it needs to be built again and trained further:
//   - every Param and Buffer that visit lists, and each Param's learning_rate, weight_decay and frozen;
//   - the options of every module that has a member `options` (core/options.hpp), nested ones too;
//   - every setting that a visit lists: names of genes, levels of a label, a number, an enumeration.
//
//   struct MyModel {
//     static constexpr std::string_view kind = "my_model";  // optional: another kind is refused
//     MyOptions options;                                    // saved because it is called so
//     Vae<float, Poisson<float>> vae;
//     std::vector<std::string> panel;
//     MyModel(const MyOptions& o, Rng& rng);
//     static void visit(auto& self, auto&& f) { f("vae", self.vae); f("panel", self.panel); }
//   };
//   io::save_model("model.safetensors", model);
//   MyModel same = io::load_model<MyModel>("model.safetensors");
//
// A wing's io.hpp is then
//   inline void save(const std::string& path, const Model& model) { io::save_model(path, model); }
//   inline Model load(const std::string& path) { return io::load_model<Model>(path); }
//
// A model whose constructor takes more than its options brings
//   static MyModel from_options(const auto& reader, Rng& rng) {
//     return MyModel(reader.template options<MyOptions>(), reader.template make<Encoder>("encoder", rng), rng);
//   }
// with the ModelReader below. Any other composition is built by the user, then filled by load_into(path, model);
// options marked `fixed` (sizes, kinds) must then agree with the file, all others come from it.

namespace LATENTCELL_NAMESPACE::io {

namespace detail {

template <class P>
std::vector<double> training_factors(const P& p) {
  return {double(p.learning_rate), double(p.weight_decay), p.frozen ? 1.0 : 0.0};
}
inline const std::vector<double>& usual_factors() {
  static const std::vector<double> usual = {1, 1, 0};
  return usual;
}

}  // namespace detail

/// Returns what save_model writes: tensors under the names of visit_state, options and settings as metadata.
/// Throws std::invalid_argument where two things have one name or an option is out of its range.
template <class Model>
SafeTensors model_tensors(const Model& model) {
  SafeTensors out;
  out.describe("latentcell.version", version);
  if constexpr (requires { Model::kind; }) out.describe("latentcell.kind", std::string(Model::kind));
  detail::SettingWriter writer{out};
  detail::walk_settings(std::string(), model, {}, writer);
  visit_state(model, [&](std::string_view name, const auto& p) {
    out.add(std::string(name), p.value.data(), {p.value.rows(), p.value.cols()});
    if constexpr (latentcell::detail::is_param<std::remove_cvref_t<decltype(p)>>) {
      const std::vector<double> factors = detail::training_factors(p);
      if (factors != detail::usual_factors()) out.describe(text(name, ".training"), setting_text(factors));
    }
  });
  return out;
}

/// Writes a model to one safetensors file, with its options and names.
/// Throws std::runtime_error with the path. An existing file is left unchanged on failure.
template <class Model>
void save_model(const std::string& path, const Model& model) {
  save_safetensors(path, model_tensors(model));
}

/// A model's file while a model is built from it. Errors are std::runtime_error and name the file and the entry.
class ModelReader {
 public:
  explicit ModelReader(const std::string& path)
      : content_(std::make_shared<const Content>(Content{path, load_safetensors(path), {}})) {
    for (std::size_t i = 0; i < file().tensors.size(); ++i) content_->index.emplace(file().tensors[i].name, i);
  }

  const std::string& path() const { return content_->path; }
  const SafeTensors& file() const { return content_->file; }

  /// Returns the reader of a module: its names are those that the module itself uses.
  ModelReader module(std::string_view name) const {
    ModelReader out = *this;
    out.prefix_ = detail::joined_name(prefix_, name);
    return out;
  }
  /// Returns whether the file has an entry or a tensor of this name, or any whose name begins with it and a dot.
  bool has(std::string_view name) const {
    const std::string full = detail::joined_name(prefix_, name), inside = full + ".";
    const auto found = [&](const auto& in) {
      const auto at = in.lower_bound(inside);
      return in.count(full) > 0 || (at != in.end() && at->first.compare(0, inside.size(), inside) == 0);
    };
    return found(file().metadata) || found(content_->index);
  }
  /// Returns saved options, every one in its range.
  template <VisitedOptions O>
  O options(std::string_view name = "options") const {
    O out;
    detail::SettingReader read{file(), path(), nullptr, detail::SettingReader::Purpose::build};
    latentcell::detail::walk_options(detail::joined_name(prefix_, name), out, {}, read);
    return out;
  }
  /// Returns a setting that a visit lists: reader.value<std::vector<std::string>>("levels").
  template <class V>
  V value(std::string_view name, const OptionRange& range = {}) const {
    V out{};
    detail::SettingReader read{file(), path(), nullptr, detail::SettingReader::Purpose::build};
    read(detail::joined_name(prefix_, name), out, range);
    return out;
  }
  /// Returns the shape of a tensor as Params have it.     -> rows, columns
  std::pair<Index, Index> shape(std::string_view name) const {
    const SafeTensors::Tensor& t = tensor(detail::joined_name(prefix_, name));
    if (t.shape.size() != 2)
      throw_runtime(path(), ": tensor '", t.name, "' has ", t.shape.size(), " dimensions, not 2");
    return {t.shape[0], t.shape[1]};
  }
  /// Returns a module built by its saved options; its values are filled by load_model later.
  template <class M>
  M make(std::string_view name, Rng& rng) const {
    const ModelReader own = name.empty() ? *this : module(name);
    if constexpr (requires { M::from_options(own, rng); }) {
      return M::from_options(own, rng);
    } else {
      static_assert(detail::HasOptions<M>,
                    "load_model: the model needs a member `options` with a static visit and a constructor "
                    "M(const Options&, Rng&), or a static from_options(reader, rng); or build it and call load_into");
      static_assert(std::is_constructible_v<M, const detail::OptionsOf<M>&, Rng&>,
                    "load_model: the model needs a constructor M(const Options&, Rng&) or a static "
                    "from_options(reader, rng); or build it and call load_into");
      return M(own.template options<detail::OptionsOf<M>>(), rng);
    }
  }
  /// Throws where the file is of another kind than the model.
  template <class M>
  void require_kind() const {
    const auto at = file().metadata.find("latentcell.kind");
    const std::string given = at == file().metadata.end() ? "" : at->second;
    if constexpr (requires { M::kind; }) {
      if (given.empty())
        throw_runtime(path(), ": holds no model of kind '", M::kind, "': it is a checkpoint of something else");
      if (given != M::kind) throw_runtime(path(), ": holds a model of kind '", given, "', not '", M::kind, "'");
    }
  }
  /// Gives a model the file's values, options and settings, all of them or none.
  template <class M>
  void fill(M& model) const {
    require_kind<M>();
    using Purpose = detail::SettingReader::Purpose;
    std::set<std::string, std::less<>> used;
    detail::SettingReader check{file(), path(), &used, Purpose::check};
    detail::walk_settings(prefix_, model, {}, check);
    std::size_t tensors = 0;
    each_state(model, [&](const SafeTensors::Tensor& t, auto& p) {
      ++tensors;
      require_fit(t, p);
      if (const auto at = file().metadata.find(t.name + ".training"); at != file().metadata.end()) {
        detail::require_factors(path(), at->first, at->second);
        used.insert(at->first);
      }
    });
    require_nothing_else(used, tensors);
    detail::SettingReader assign{file(), path(), nullptr, Purpose::assign};
    detail::walk_settings(prefix_, model, {}, assign);
    each_state(model, [&](const SafeTensors::Tensor& t, auto& p) {
      if (!t.bytes.empty()) std::memcpy(p.value.data(), t.bytes.data(), t.bytes.size());
      if constexpr (latentcell::detail::is_param<std::remove_cvref_t<decltype(p)>>) {
        const auto at = file().metadata.find(t.name + ".training");
        std::vector<double> factors = detail::usual_factors();
        if (at != file().metadata.end()) parse_setting(std::string_view(at->second), factors);
        p.learning_rate = static_cast<decltype(p.learning_rate)>(factors[0]);
        p.weight_decay = static_cast<decltype(p.weight_decay)>(factors[1]);
        p.frozen = factors[2] != 0;
      }
    });
  }
  /// Returns the number of values in all tensors.
  Index values() const {
    Index sum = 0;
    for (const SafeTensors::Tensor& t : file().tensors) sum += Index(t.bytes.size()) / (t.type == "F32" ? 4 : 8);
    return sum;
  }

 private:
  struct Content {
    std::string path;
    SafeTensors file;
    mutable std::map<std::string, std::size_t, std::less<>> index;  // of tensors
  };

  const SafeTensors::Tensor& tensor(const std::string& name) const {
    const auto at = content_->index.find(name);
    if (at == content_->index.end()) throw_runtime(path(), ": has no tensor '", name, "'");
    return file().tensors[at->second];
  }
  void each_state(auto& model, auto&& use) const {
    visit_state(model, [&](std::string_view name, auto& p) { use(tensor(detail::joined_name(prefix_, name)), p); });
  }
  template <class P>
  void require_fit(const SafeTensors::Tensor& t, const P& p) const {
    using N = typename std::remove_cvref_t<decltype(p.value)>::Scalar;
    if (t.shape != std::vector<Index>{p.value.rows(), p.value.cols()}) {
      std::string given;
      for (const Index extent : t.shape) given += text(given.empty() ? "" : ", ", extent);
      throw_runtime(path(), ": tensor '", t.name, "' is (", given, ") but the model needs (", p.value.rows(), ", ",
                    p.value.cols(), ")");
    }
    if (t.type != SafeTensors::type_name<N>())
      throw_runtime(path(), ": tensor '", t.name, "' holds ", t.type, " but the model needs ",
                    SafeTensors::type_name<N>());
    if constexpr (latentcell::detail::is_param<P>) detail::require_finite<N>(path(), t);
  }
  void require_nothing_else(const std::set<std::string, std::less<>>& used, std::size_t tensors) const {
    if (!prefix_.empty()) return;
    for (const auto& [key, value] : file().metadata) {
      if (key.compare(0, 11, "latentcell.") != 0 && used.count(key) == 0)
        throw_runtime(path(), ": has an entry '", key, "' that the model does not have");
    }
    if (tensors != file().tensors.size())
      throw_runtime(path(), ": has ", file().tensors.size(), " tensors but the model takes ", tensors);
  }

  std::shared_ptr<const Content> content_;
  std::string prefix_;
};

/// Gives a model that the user built all that save_model wrote: values, options, settings. Options marked `fixed` must
/// agree, as must shapes and names of tensors.
/// Throws std::runtime_error naming the file and the entry or tensor; the model is then unchanged.
template <class Model>
void load_into(const std::string& path, Model& model) {
  ModelReader(path).fill(model);
}

/// Builds a model from its saved options and gives it the saved values. The model has Options and a constructor
/// M(const Options&, Rng&), or a static from_options(reader, rng).
/// Throws std::runtime_error naming the file and what is wrong. Sizes in the options that exceed what the file holds
/// are refused before anything of that size is allocated.
template <class Model>
Model load_model(const std::string& path) {
  const ModelReader reader(path);
  reader.require_kind<Model>();
  try {
    Rng rng(0);
    // Twice what is held, and some: a constructor may make a module and replace it.
    const ValueBudget budget(2 * reader.values() + 65536);
    Model model = reader.make<Model>("", rng);
    reader.fill(model);
    return model;
  } catch (const std::length_error& e) {
    throw_runtime(path, ": its options ask for ", e.what(), "; the largest size is ",
                  detail::largest_size(reader.file()));
  } catch (const std::logic_error& e) {
    throw_runtime(path, ": ", e.what());
  } catch (const std::bad_alloc&) {
    throw_runtime(path, ": its options ask for more memory than there is");
  }
}

/// Returns the options of a module in a model's file, for a composition that is built by hand:
/// read_options<VaeOptions>(path, "vae.options").
template <VisitedOptions O>
O read_options(const std::string& path, std::string_view name = "options") {
  return ModelReader(path).options<O>(name);
}

}  // namespace latentcell::io
