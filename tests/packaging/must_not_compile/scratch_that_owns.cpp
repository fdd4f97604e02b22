// error: the arena never runs destructors
#include <latentcell/autodiff/tape.hpp>

#include <string>

void take(latentcell::Tape<float>& tape) {
#ifdef RIGHT
  tape.scratch_of<int>(3);
#else
  tape.scratch_of<std::string>(3);
#endif
}
