#pragma once

#include <map>
#include <string>

#include <latentcell/data/annotation.hpp>
#include <latentcell/sample/method.hpp>

namespace latentcell {

/// What to generate.
struct SampleOptions {
  Index count = 1000;                                 ///< cells
  std::map<std::string, std::string> condition = {};  ///< attribute to value, the same for all cells; else unknown
  Annotation cells = {};                              ///< obs of the cells wanted, in place of count and condition
  Index steps = 50;                                   ///< steps of the sampler; more follow the path closer
  Method method = Method::heun;                       ///< sampler
  double eta = 0;                                     ///< ddim only; noise drawn on the way, 1 as much as DDPM does
  float guidance = 1.0f;  ///< classifier-free guidance; above 1 gives more typical, less varied cells
  std::map<std::string, float> guidance_each = {};  ///< weight of each attribute by itself, in place of `guidance`: the
                                                    ///< pull of an attribute alone is added as often (Liu et al. 2022,
                                                    ///< "Compositional visual generation"); one not named has weight 0
  float guidance_from = 0.0f;                       ///< times within which guidance acts
  float guidance_to = 1.0f;
  Index batch = 512;  ///< cells moved at once; memory only
};

}  // namespace latentcell
