#include "served_model.hpp"

#include <algorithm>

#include <latentcell/data/align_genes.hpp>
#include <latentcell/generation/io.hpp>
#include <latentcell/generation/predict.hpp>
#include <latentcell/kernel/pca.hpp>
#include <latentcell/latent/encode.hpp>
#include <latentcell/mapping/io.hpp>

namespace serve {

namespace gen = lc::generation;

namespace {

/// The sampler of `generate`, which stops where nobody waits for the cells.
struct WatchedSampler {
  Index steps;
  const Cancelled& cancelled;

  void operator()(lc::FieldRef<float> velocity, lc::View<float> z, double from, double to) const {
    const auto watched = [&](float t, lc::ConstView<float> at, lc::View<float> out) {
      cancelled.check();
      velocity(t, at, out);
    };
    lc::integrate(lc::FieldRef<float>(watched), z,
                  {.method = lc::SampleOptions{}.method, .steps = steps, .from = from, .to = to});
  }
};

}  // namespace

ServedModel::ServedModel(const std::string& path) {
  const lc::io::ModelReader reader(path);
  const auto& entries = reader.file().metadata;
  const auto kind = entries.find("latentcell.kind");
  if (kind != entries.end() && kind->second == lc::mapping::Model::kind) {
    mapping_ = lc::mapping::load(path);
  } else {
    generation_ = gen::load(path);
  }
  for (const auto& [key, value] : entries) {
    constexpr std::size_t longest = 200;  // lists of levels are members of their own
    if (key.find("options.") != std::string::npos && value.size() <= longest) options_[key] = value;
  }
  if (genes().empty()) lc::throw_runtime(path, ": has no names of genes, so cells cannot be matched to it");
  map_ = make_map();
}

std::vector<Index> ServedModel::level_sizes() const {
  std::vector<Index> out(levels().size());
  for (const int code : composition().label) {
    if (code >= 0) ++out[lc::to_size(code)];
  }
  return out;
}

lc::CellTable ServedModel::aligned(const lc::CellTable& cells, Index& shared) const {
  lc::AlignedGenes to = lc::align_genes(cells, genes());
  shared = Index(genes().size()) - to.missing;
  return std::move(to.cells);
}

EncodedCells ServedModel::encode(const lc::CellTable& cells) const {
  EncodedCells out;
  if (cells.gene_names == genes()) {
    out.shared_genes = Index(genes().size());
    out.latents = lc::encode(generator().vae, cells);
  } else {
    out.latents = lc::encode(generator().vae, aligned(cells, out.shared_genes));
  }
  return out;
}

lc::mapping::MappedCells ServedModel::transfer(const lc::CellTable& cells) const {
  return lc::mapping::predict(*mapping_, cells);
}

// Of a mapping model that of its replay cells, as the query's laboratory would see them.
gen::Composition ServedModel::composition() const {
  if (!mapping_) return gen::training_composition(*generation_);
  gen::Composition out;
  const lc::Matrix<float>& codes = mapping_->replay_label.value;
  for (Index i = 0; i < codes.rows(); ++i) out.label.push_back(int(codes(i, 0)));
  const int query = int(generator().options.batch_covariate_levels.size()) - 1;
  out.batch_covariate.assign(out.label.size(), query);
  return out;
}

lc::CellTable ServedModel::generate(const GenerateRequest& r, const Cancelled& cancelled) const {
  lc::check_options("generate", r);
  const gen::Model& model = generator();
  std::vector<int> codes;
  for (const std::string& name : r.labels) {
    const auto at = std::find(levels().begin(), levels().end(), name);
    LATENTCELL_REQUIRE(at != levels().end(), "generate: there is no label '", name, "'; there are ",
                       lc::Categorical{levels(), {}}.list());
    codes.push_back(int(at - levels().begin()));
  }
  lc::Rng rng(r.seed);
  const gen::Composition of =
      gen::sample_composition(composition(), {.labels = std::move(codes), .count = r.count}, rng);
  const lc::LatentTable z =
      model.flow.generate({.cells = lc::labelled(label(), {levels(), of.label}), .guidance = float(r.guidance)}, rng,
                          WatchedSampler{r.steps, cancelled});
  cancelled.check();
  if (r.counts) return gen::sample_counts(model, z, rng, of.batch_covariate);
  lc::CellTable out;
  out.counts = lc::Counts(0);
  for (Index i = 0; i < z.cells(); ++i) out.counts.end_row();
  out.cell_names = z.cell_names;
  out.cell_columns = z.cell_columns;
  if (!of.batch_covariate.empty())
    out.cell_columns.set(model.options.batch_covariate,
                         lc::Categorical{model.options.batch_covariate_levels, of.batch_covariate});
  out.gene_columns = lc::Annotation(0);
  out.embeddings["X_latentcell"] = z.mean;
  return out;
}

LatentMap ServedModel::make_map() const {
  LatentMap out;
  if (mapping_) {
    out.latents = lc::mapping::replay_latents(*mapping_);
  } else {
    constexpr Index cells = 2000;
    const lc::CellTable drawn = generate({.count = cells, .guidance = 1, .counts = false}, Cancelled());
    out.latents.mean = drawn.embeddings.at("X_latentcell");
    out.latents.cell_columns = drawn.cell_columns;
  }
  lc::Rng rng(0);
  const lc::Matrix<float>& z = out.latents.mean;
  const lc::kernel::Pca<float> pca = lc::kernel::fit_pca(lc::ConstView<float>(z.data(), z.rows(), z.cols()),
                                                         {.components = std::min<Index>(2, z.cols())}, rng);
  out.mean = pca.mean;
  out.axes = lc::Matrix<float>::Zero(2, z.cols());
  out.axes.topRows(pca.components.rows()) = pca.components;
  out.places = (z.rowwise() - out.mean) * out.axes.transpose();
  return out;
}

}  // namespace serve
