#pragma once

#include <optional>
#include <string>

#include <latentcell/autoencoder/pca_autoencoder.hpp>
#include <latentcell/latent/model_file.hpp>
#include <latentcell/trajectory/model.hpp>

namespace latentcell {

/// A trained field, and where counts were its source the way from counts to its latent and back.
struct TrajectoryModel {
  using Cells = PcaAutoencoder<float, NegativeBinomial<float>>;
  Trajectory motion;
  std::optional<Cells> cells;
};

/// Writes a trained model to one safetensors file. Throws std::runtime_error naming the file; what stood there stays
/// then.
inline void save(const std::string& path, const TrajectoryModel& model) {
  const TrajectoryOptions& o = model.motion.options;
  io::SafeTensors file;
  auto& m = file.metadata;
  m["latentcell.kind"] = "trajectory";
  m["latent"] = text(o.field.latent);
  detail::describe(file, o.field);
  m["time"] = o.time;
  m["first"] = detail::exactly(o.first);
  m["last"] = detail::exactly(o.last);
  m["noise"] = detail::exactly(o.noise);
  m["window"] = text(o.paths.window);
  m["counts"] = model.cells ? "1" : "0";
  if (model.cells) {
    m["genes"] = text(model.cells->genes());
    m["hidden"] = detail::join(model.cells->options.hidden);
    m["dispersion"] = text(int(model.cells->likelihood.options.dispersion));
    m["gene_names"] = detail::join(model.cells->gene_names);
    io::store(file, "cells", *model.cells);
  }
  io::store(file, "motion", model.motion);
  io::save_safetensors(path, file);
}

/// Loads what save wrote. Throws std::runtime_error naming the file and what is wrong with it.
inline TrajectoryModel load_trajectory(const std::string& path) {
  const detail::ModelFile from(path, "trajectory");
  TrajectoryOptions o;
  from.read(o.field, from.whole("latent"));
  o.time = from.word("time");
  o.first = from.number("first");
  o.last = from.number("last");
  o.noise = from.number("noise");
  o.paths.window = from.whole("window");
  Rng rng(0);
  TrajectoryModel model{Trajectory(o, rng), {}};
  if (from.choice("counts", 2) == 1) {
    PcaAutoencoderOptions cells{.genes = from.whole("genes"), .hidden = {}, .latent = o.field.latent};
    for (const std::string& w : from.list("hidden")) cells.hidden.push_back(detail::whole_number(w, path, "hidden"));
    model.cells.emplace(cells, rng, LikelihoodOptions{.dispersion = Dispersion(from.choice("dispersion", 3))});
    model.cells->gene_names = from.list("gene_names");
    io::restore(from.file, path, "cells", *model.cells);
  }
  io::restore(from.file, path, "motion", model.motion);
  return model;
}

}  // namespace latentcell
