// error: source.batches()
#include <latentcell/train/fit.hpp>

namespace lc = latentcell;

struct Own {
  struct Batch {
    lc::Index size() const { return 1; }
  };
  void begin_epoch(lc::Rng&) {}
  bool next(Batch&) { return false; }
  lc::Index size() const { return 1; }
#ifdef RIGHT
  lc::Index batches() const { return 1; }
#endif
};

using Data = lc::TrainingData<Own>;
lc::Index size() { return sizeof(Data); }
