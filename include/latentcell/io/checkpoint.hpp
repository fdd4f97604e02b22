#pragma once

#include <string>
#include <string_view>

#include <latentcell/autodiff/visit.hpp>
#include <latentcell/core/version.hpp>
#include <latentcell/io/safetensors.hpp>

namespace LATENTCELL_NAMESPACE::io {

/// Adds every Param and Buffer of a model to a checkpoint under "prefix.name".
template <class Model>
void store(SafeTensors& to, const std::string& prefix, const Model& model) {
  to.metadata["latentcell.version"] = version;
  visit_state(model, [&](std::string_view name, const auto& p) {
    to.add(text(prefix, ".", name), p.value.data(), {p.value.rows(), p.value.cols()});
  });
}

/// Assigns every Param and Buffer of a model from a checkpoint. Throws std::runtime_error where one is missing or has
/// another shape or type, with the path, the tensor and both shapes; the model is then unchanged.
template <class Model>
void restore(const SafeTensors& from, const std::string& file, const std::string& prefix, Model& model) {
  const auto each = [&](auto&& use) {
    visit_state(model, [&](std::string_view name, auto& p) {
      const std::string full = text(prefix, ".", name);
      const SafeTensors::Tensor* t = from.find(full);
      if (t == nullptr) throw_runtime(file, ": has no tensor '", full, "': it is a checkpoint of another model");
      use(full, *t, p);
    });
  };
  each([&](const std::string& full, const SafeTensors::Tensor& t, auto& p) {
    using N = typename std::remove_cvref_t<decltype(p.value)>::Scalar;
    const auto shape = [](const std::vector<Index>& s) {
      std::string out;
      for (Index extent : s) out += text(out.empty() ? "(" : ", ", extent);
      return out + ")";
    };
    const std::vector<Index> needed{p.value.rows(), p.value.cols()};
    if (t.shape != needed) {
      throw_runtime(file, ": tensor '", full, "' is ", shape(t.shape), " but the model needs ", shape(needed));
    }
    if (t.type != SafeTensors::type_name<N>()) {
      throw_runtime(file, ": tensor '", full, "' holds ", t.type, " but the model needs ", SafeTensors::type_name<N>());
    }
  });
  each([&](const std::string&, const SafeTensors::Tensor& t, auto& p) {
    if (!t.bytes.empty()) std::memcpy(p.value.data(), t.bytes.data(), t.bytes.size());
  });
}

/// A metadata entry; throws std::runtime_error naming the file and the key where there is none.
inline const std::string& metadata(const SafeTensors& from, const std::string& file, const std::string& key) {
  const auto at = from.metadata.find(key);
  if (at == from.metadata.end())
    throw_runtime(file, ": has no entry '", key, "': it is a checkpoint of something else");
  return at->second;
}

}  // namespace latentcell::io
