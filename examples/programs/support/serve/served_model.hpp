#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/generation/composition.hpp>
#include <latentcell/generation/model.hpp>
#include <latentcell/mapping/model.hpp>
#include <latentcell/mapping/predict.hpp>

#include "json_cells.hpp"
#include "work_queue.hpp"

// What a model answers: latents, labels, cells. Nothing here changes the model, so threads share it.

namespace serve {

struct GenerateRequest {
  std::vector<std::string> labels = {};  ///< empty: all, in the composition of the training cells
  Index count = 100;                     ///< cells
  std::uint64_t seed = 0;                ///< decides every bit of the answer
  Index steps = 25;                      ///< of the sampler
  double guidance = 1.1;                 ///< classifier-free
  bool counts = true;                    ///< false: latents alone, which takes a fraction of the time

  static void visit(auto& self, auto&& f) {
    f("count", self.count, lc::at_least(1));
    f("steps", self.steps, lc::in(1, 1000));
    f("guidance", self.guidance, lc::in(-100, 100));
  }
};

/// Latents of cells, and how many genes they share with the model.
struct EncodedCells {
  lc::LatentTable latents;
  Index shared_genes = 0;
};

/// Reference cells in the plane in which they spread most, and the way there.
struct LatentMap {
  lc::LatentTable latents;
  lc::Matrix<float> places;   ///< (N, 2)
  lc::RowVector<float> mean;  ///< (1, D)
  lc::Matrix<float> axes;     ///< (2, D)
};

class ServedModel {
 public:
  /// Loads what generate_cells or transfer_labels saved. Throws std::runtime_error with the path.
  explicit ServedModel(const std::string& path);

  bool labels_cells() const { return mapping_.has_value(); }
  std::string kind() const { return labels_cells() ? "mapping" : "generation"; }
  const lc::generation::Model& generator() const { return mapping_ ? mapping_->generator : *generation_; }
  const std::vector<std::string>& genes() const { return generator().vae.gene_names; }
  const std::string& label() const { return generator().options.label; }
  const std::vector<std::string>& levels() const { return generator().options.levels; }
  /// Cells of each level that it was trained with; replay cells of a mapping model.
  std::vector<Index> level_sizes() const;
  /// Options as the file has them.
  const std::map<std::string, std::string>& options() const { return options_; }
  const LatentMap& map() const { return map_; }

  /// Genes are matched by name; those that the model does not have are ignored, missing ones count 0.
  EncodedCells encode(const lc::CellTable& cells) const;
  lc::mapping::MappedCells transfer(const lc::CellTable& cells) const;
  /// The cells of generate_cells of the same seed; without counts their latents in obsm X_latentcell alone.
  lc::CellTable generate(const GenerateRequest& request, const Cancelled& cancelled) const;

 private:
  lc::CellTable aligned(const lc::CellTable& cells, Index& shared) const;
  lc::generation::Composition composition() const;
  LatentMap make_map() const;

  std::optional<lc::mapping::Model> mapping_;
  std::optional<lc::generation::Model> generation_;
  std::map<std::string, std::string> options_;
  LatentMap map_;
};

}  // namespace serve
