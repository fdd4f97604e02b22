#pragma once

#include <charconv>
#include <string>
#include <vector>

#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/backbone/dit.hpp>
#include <latentcell/backbone/residual_mlp.hpp>
#include <latentcell/io/checkpoint.hpp>

// How the options and names of a whole model stand in the metadata of its file, and the way back.

namespace latentcell::detail {

// A list as one entry of the metadata, a line each.
inline std::string join(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    LATENTCELL_REQUIRE(name.find('\n') == std::string::npos, "save: the name '", name, "' holds a line break");
  }
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) out += (i == 0 ? "" : "\n") + names[i];
  return out;
}

inline std::vector<std::string> cut(const std::string& joined) {
  std::vector<std::string> out;
  for (std::size_t at = 0; !joined.empty() && at <= joined.size();) {
    const std::size_t end = std::min(joined.find('\n', at), joined.size());
    out.push_back(joined.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

inline std::string join(const std::vector<Index>& numbers) {
  std::vector<std::string> words;
  for (Index n : numbers) words.push_back(text(n));
  return join(words);
}

// A whole number in a checkpoint's metadata.
inline Index whole_number(const std::string& word, const std::string& file, const std::string& key) {
  Index value = 0;
  const auto end = std::from_chars(word.data(), word.data() + word.size(), value);
  if (end.ec != std::errc() || end.ptr != word.data() + word.size() || value < 0 || value > 100'000'000) {
    throw_runtime(file, ": entry '", key, "' is '", word, "', not a sensible whole number");
  }
  return value;
}

// A number that comes back to the bit.
inline std::string exactly(double value) {
  char word[40];
  return {word, std::to_chars(word, word + sizeof word, value).ptr};
}

// What a backbone is called in a file, and its options there. use(name, number)
inline const char* backbone_name(const DitOptions&) { return "dit"; }
inline const char* backbone_name(const ResidualMlpOptions&) { return "residual_mlp"; }
void each_option(auto& o, auto&& use) {
  use("width", o.width);
  use("depth", o.depth);
  use("condition", o.condition);
  if constexpr (requires { o.tokens; }) {
    use("tokens", o.tokens);
    use("heads", o.heads);
    use("mlp_ratio", o.mlp_ratio);
    use("condition_tokens", o.condition_tokens);
  } else {
    use("ratio", o.ratio);
  }
}

/// Options and gene names of an autoencoder.
inline void describe(io::SafeTensors& to, const VaeOptions& vae, const LikelihoodOptions& likelihood,
                     const std::vector<std::string>& gene_names) {
  auto& m = to.metadata;
  m["vae.genes"] = text(vae.genes);
  m["vae.hidden"] = join(vae.hidden);
  m["vae.latent"] = text(vae.latent);
  m["vae.batches"] = text(vae.batches);
  m["vae.prior"] = text(int(vae.prior.kind));
  m["vae.labels"] = text(vae.prior.labels);
  m["vae.components"] = text(vae.prior.components);
  m["vae.linear_decoder"] = text(int(vae.linear_decoder));
  m["vae.link"] = vae.link == LibraryLink::softmax ? "softmax" : "exp";
  m["likelihood.dispersion"] = text(int(likelihood.dispersion));
  m["gene_names"] = join(gene_names);
}

/// Options of a backbone.
template <class Options>
void describe(io::SafeTensors& to, const Options& backbone) {
  to.metadata["backbone"] = backbone_name(backbone);
  to.metadata["backbone.injection"] = text(int(backbone.injection));
  each_option(backbone, [&](const char* name, Index value) { to.metadata[text("backbone.", name)] = text(value); });
}

/// A model's file, read. Every call throws std::runtime_error naming the file and the entry that is missing or wrong.
struct ModelFile {
  std::string path;
  io::SafeTensors file;

  ModelFile(const std::string& from, const std::string& kind) : path(from), file(io::load_safetensors(from)) {
    if (word("latentcell.kind") != kind) {
      throw_runtime(path, ": holds a model of kind '", word("latentcell.kind"), "', not '", kind, "'");
    }
  }
  const std::string& word(const std::string& key) const { return io::metadata(file, path, key); }
  std::vector<std::string> list(const std::string& key) const { return cut(word(key)); }
  Index whole(const std::string& key) const { return whole_number(word(key), path, key); }
  /// One of the values of an enumeration.
  int choice(const std::string& key, Index values) const {
    const Index value = whole(key);
    if (value >= values) throw_runtime(path, ": entry '", key, "' is ", value, ", beyond the ", values, " there are");
    return int(value);
  }
  double number(const std::string& key) const {
    double value = 0;
    const std::string& w = word(key);
    const auto end = std::from_chars(w.data(), w.data() + w.size(), value);
    if (end.ec != std::errc() || end.ptr != w.data() + w.size()) {
      throw_runtime(path, ": entry '", key, "' is '", w, "', not a number");
    }
    return value;
  }
  void read(VaeOptions& vae, LikelihoodOptions& likelihood) const {
    vae.genes = whole("vae.genes");
    vae.hidden.clear();
    for (const std::string& w : list("vae.hidden")) vae.hidden.push_back(whole_number(w, path, "vae.hidden"));
    vae.latent = whole("vae.latent");
    vae.batches = whole("vae.batches");
    vae.prior = {
        .kind = Prior(choice("vae.prior", 3)), .labels = whole("vae.labels"), .components = whole("vae.components")};
    vae.linear_decoder = choice("vae.linear_decoder", 2) == 1;
    vae.link = word("vae.link") == "exp" ? LibraryLink::exp : LibraryLink::softmax;
    likelihood.dispersion = Dispersion(choice("likelihood.dispersion", 3));
  }
  template <class Options>
  void read(Options& backbone) const {
    read(backbone, whole("vae.latent"));
  }
  template <class Options>
  void read(Options& backbone, Index latent) const {
    if (word("backbone") != backbone_name(backbone)) {
      throw_runtime(path, ": its backbone is '", word("backbone"), "', not '", backbone_name(backbone), "'");
    }
    backbone.latent = latent;
    backbone.injection = Injection(choice("backbone.injection", 4));
    each_option(backbone, [&](const char* name, Index& value) { value = whole(text("backbone.", name)); });
  }
  std::vector<std::string> gene_names() const {
    std::vector<std::string> out = list("gene_names");
    if (Index(out.size()) != whole("vae.genes")) {
      throw_runtime(path, ": has ", out.size(), " gene names for ", whole("vae.genes"), " genes");
    }
    return out;
  }
};

/// Options of a conformal::ConditionalEnsemble.
template <class Options>
void describe_ensemble(io::SafeTensors& file, const Options& o) {
  file.metadata["members"] = text(o.members);
  file.metadata["fold_seed"] = text(o.fold_seed);
  file.metadata["field_latent"] = text(o.velocity_net.latent);
  describe(file, o.velocity_net);
}
template <class Options>
Options read_ensemble(const ModelFile& from) {
  Options o;
  o.members = from.whole("members");
  o.fold_seed = std::stoull(from.word("fold_seed"));
  from.read(o.velocity_net, from.whole("field_latent"));
  return o;
}

/// Options of a conformal::ModalityEncoder.
template <class Encoder>
void describe_encoder(io::SafeTensors& file, const std::string& key, const Encoder& encoder) {
  file.metadata[key] = encoder.name();
  file.metadata[key + ".features"] = join(encoder.features());
  file.metadata[key + ".latent"] = text(encoder.latent());
}
template <class Encoder>
Encoder read_encoder(const ModelFile& from, const std::string& key) {
  return Encoder({from.word(key), from.list(key + ".features"), from.whole(key + ".latent")});
}

}  // namespace latentcell::detail
