#pragma once

#include <map>
#include <string>

#include <latentcell/core/options.hpp>
#include <latentcell/data/annotation.hpp>
#include <latentcell/latent/condition_value.hpp>
#include <latentcell/sample/method.hpp>

namespace LATENTCELL_NAMESPACE {

/// Which latents to sample and how.
struct SampleOptions {
  Index count = 1000;  ///< cells
  ConditionValues condition =
      {};                        ///< attribute to value (text, number or vector), the same for all cells; else unknown
  Annotation cells = {};         ///< obs of the cells to generate, in place of count and condition
  Index steps = 50;              ///< steps of the sampler; more follow the path closer
  Method method = Method::heun;  ///< sampler
  double eta = 0;                ///< ddim only; noise drawn on the way, 1 as much as DDPM does
  float guidance = 1.0f;         ///< classifier-free guidance; above 1 gives more typical, less varied cells
  std::map<std::string, float> guidance_each = {};  ///< weight of each attribute, in place of `guidance`: multiplies
                                                    ///< the prediction of the attribute alone less that without any
                                                    ///< (Liu et al. 2022, "Compositional visual generation"); default 0
  float guidance_from = 0.0f;                       ///< times within which guidance acts
  float guidance_to = 1.0f;
  Index batch = 512;  ///< cells moved at once; memory only
  Index first = 0;    ///< number of the first cell; the random numbers and the name of a cell are those of its number
  Index of = 0;       ///< cells of the whole, of which these are a part: parts are together the whole. 0: these are all

  /// All but condition, cells and guidance_each, which the flow that is sampled checks.
  static void visit(auto& self, auto&& f) {
    f("count", self.count, at_least(0));
    f("steps", self.steps, at_least(1));
    f("method", self.method);
    f("eta", self.eta, in(0, 1));
    f("guidance", self.guidance, finite());
    f("guidance_from", self.guidance_from, finite());
    f("guidance_to", self.guidance_to, finite());
    f("batch", self.batch, at_least(1));
    f("first", self.first, at_least(0));
    f("of", self.of, at_least(0));
  }
};

}  // namespace latentcell
