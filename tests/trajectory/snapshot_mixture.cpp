#include <latentcell/trajectory/snapshot_mixture.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using trajectory::SnapshotMixture;
using trajectory::SnapshotPart;

TEST_CASE("SnapshotMixture: it begins as the flow alone and says its shares and what chose them") {
  SnapshotMixture m;
  CHECK(m.share.value.sum() == 1);
  CHECK(m.share.value(0, Index(SnapshotPart::flow)) == 1);
  CHECK(m.to_text() == "cells between snapshots: 100 % flow (no inner snapshot to choose by)");
  m.share.value << 0.5, 0, 0.5;
  m.nested_w1.value << 1.5, 2, 1.25;
  m.stretches.value << 2;
  CHECK(m.to_text() ==
        "cells between snapshots: 50 % flow, 50 % straight, balanced transport plan (chosen on 2 left-out stretches of "
        "training times; W1 alone: 1.5, 2, 1.25)");
}

TEST_CASE("SnapshotMixture: the flow's plan keeps its settings, the straight one keeps the window alone") {
  const trajectory::OtPathOptions o{
      .shape = trajectory::PathShape::manifold, .window = 77, .epsilon = 0.4, .marginal_relaxation = 2, .growth = true};
  const auto own = SnapshotMixture::plan_options(SnapshotPart::plan, o),
             straight = SnapshotMixture::plan_options(SnapshotPart::straight_plan, o);
  CHECK(own.shape == trajectory::PathShape::manifold);
  CHECK(own.growth);
  CHECK(own.epsilon == 0.4);
  CHECK(straight.shape == trajectory::PathShape::straight);
  CHECK(straight.window == 77);
  CHECK(straight.marginal_relaxation == 0);
  CHECK_FALSE(straight.growth);
}
