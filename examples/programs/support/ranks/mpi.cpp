#include <latentcell/distributed/run.hpp>

#include "../ranks.hpp"

namespace program {

lc::AnyTeam& ranks() {
  static lc::AnyTeam team;
  return team;
}

int on_ranks(int& argc, char**& argv, const std::function<int()>& run) {
  return lc::distributed(argc, argv, [&](lc::MpiTeam& team) {
    ranks() = team;
    return run();
  });
}

}  // namespace program
