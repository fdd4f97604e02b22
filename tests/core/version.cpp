#include <latentcell/core/version.hpp>

#include <latentcell/core/rng.hpp>
#include <string>
#include <typeinfo>

#include "support/catch.hpp"

TEST_CASE("version: the text is made of the three numbers, and so is every symbol") {
  const std::string major = std::to_string(LATENTCELL_VERSION_MAJOR), minor = std::to_string(LATENTCELL_VERSION_MINOR),
                    patch = std::to_string(LATENTCELL_VERSION_PATCH);
  CHECK(std::string(latentcell::version) == major + "." + minor + "." + patch);
  CHECK_THAT(typeid(latentcell::Rng).name(), ContainsText("v" + major + "_" + minor + "_" + patch));
}
