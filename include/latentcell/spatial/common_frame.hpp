#pragma once

#include <optional>
#include <vector>

#include <latentcell/conformal/modality_encoder.hpp>
#include <latentcell/core/options.hpp>
#include <latentcell/spatial/align_slices.hpp>
#include <latentcell/spatial/dataset.hpp>

namespace LATENTCELL_NAMESPACE::spatial {

struct FrameOptions {
  double unit = 0;                   ///< what coordinates are divided by; 0: the reference's mean neighbour distance
  std::optional<double> angle = {};  ///< radians: about how far slices without reference cells are to be turned

  static void visit(auto& self, auto&& f) {
    f("unit", self.unit, at_least(0));
    f("angle", self.angle, finite());
  }
};

namespace detail {

inline Matrix<float> pick(const Matrix<float>& m, const std::vector<Index>& rows) {
  return metric::pick_rows(view(m), rows);
}

/// Moves a slice, reference and query together, onto others.
/// features (N, F) of the reference, or (0, 0): the outline decides
inline SliceAlignment move_slice(Dataset& data, int slice, const std::vector<int>& onto, const Matrix<float>& features,
                                 std::optional<double> angle) {
  std::vector<Index> a;
  for (const int k : onto) {
    const std::vector<Index> rows = rows_of_slice(data.reference, k);
    a.insert(a.end(), rows.begin(), rows.end());
  }
  Matrix<float>&reference = data.reference.coordinates, &query = data.query.coordinates;
  const std::vector<Index> b = rows_of_slice(data.reference, slice), c = rows_of_slice(data.query, slice);
  Matrix<float> all(Index(b.size() + c.size()), 2);
  all << pick(reference, b), pick(query, c);
  const bool by_expression = features.size() > 0;
  const std::vector<RigidMotion> found =
      by_expression
          ? candidate_alignments({pick(reference, a), pick(features, a)}, {pick(reference, b), pick(features, b)})
          : candidate_alignments({pick(reference, a), {}}, {all, {}}, angle);
  const Matrix<float> moved = found.front()(all);
  for (std::size_t i = 0; i < b.size(); ++i) reference.row(b[i]) = moved.row(Index(i));
  for (std::size_t i = 0; i < c.size(); ++i) query.row(c[i]) = moved.row(Index(b.size() + i));
  SliceAlignment out{slice, onto.front(), by_expression ? AlignedBy::expression : AlignedBy::outline, found.front()};
  if (found.size() > 1) out.next = found[1];
  if (!by_expression) out.ambiguous = ambiguous_alignments(found);
  return out;
}

/// The nearest slices with reference cells, before and after one.
inline std::vector<int> nearest_slices(const Dataset& data, int slice, Index needed) {
  std::vector<int> out;
  for (const int step : {-1, 1}) {
    for (int j = slice + step; j >= 0 && j < data.slices; j += step) {
      if (Index(rows_of_slice(data.reference, j).size()) < needed) continue;
      out.push_back(j);
      break;
    }
  }
  return out;
}

}  // namespace detail

/// Divides all coordinates by the mean neighbour distance and moves all slices into the frame of the first one with
/// reference cells. Slices with reference cells are aligned by outline and expression onto the one before; others by
/// their outline onto the nearest ones of either side. Does nothing where data.in_common_frame is set.
/// target: fitted to data.target
inline void to_common_frame(Dataset& data, const conformal::ModalityEncoder& target, const FrameOptions& o = {}) {
  constexpr Index needed = 3;    // points of a slice
  constexpr Index leading = 10;  // latents that guide the alignment
  check_options("to_common_frame", o);
  if (data.in_common_frame) return;
  data.in_common_frame = true;
  const double unit = o.unit > 0 ? o.unit : mean_neighbor_distance(data.reference, data.slices);
  data.reference.coordinates /= float(unit);
  data.query.coordinates /= float(unit);
  if (data.slices == 1) return;
  const Matrix<float> z = target.encode(data.target), features = z.leftCols(std::min(z.cols(), leading));
  int last = -1;  // nearest earlier slice that is in the frame
  std::vector<int> waiting;
  for (int k = 0; k < data.slices; ++k) {
    if (Index(rows_of_slice(data.reference, k).size()) < needed) {
      waiting.push_back(k);
      continue;
    }
    if (last >= 0) data.alignments.push_back(detail::move_slice(data, k, {last}, features, {}));
    last = k;
  }
  for (const int k : waiting) {
    if (Index(rows_of_slice(data.query, k).size()) < needed) continue;
    data.alignments.push_back(detail::move_slice(data, k, detail::nearest_slices(data, k, needed), {}, o.angle));
  }
}

}  // namespace latentcell::spatial
