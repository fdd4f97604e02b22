#pragma once

#include <string>
#include <vector>

#include <latentcell/data/annotation.hpp>

#include "gnuplot.hpp"

// Labels, their colours and the key that names them.

namespace plots {

using lc::Index;

inline constexpr const char* real_color = "#0072B2";
inline constexpr const char* generated_color = "#D55E00";
inline constexpr const char* other_color = "#BBBBBB";

/// The first eight are those of Okabe and Ito, which remain distinct with a colour-vision deficiency. The others are
/// the farthest from all before them, white and grey, in CIELAB with normal vision and with deuteranopia.
inline constexpr const char* colors[] = {
    "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7", "#000000", "#0000FC", "#FC24FC",
    "#00E454", "#3C189C", "#544800", "#FC0060", "#780030", "#FCB484", "#840C78", "#609000", "#545460", "#B484F0",
    "#FC0CB4", "#9CD884", "#0078FC", "#900000", "#00D8D8", "#9C30FC", "#004824", "#B46054", "#909054", "#303078"};

/// A colour as a number, for gnuplot's "rgb variable"; alpha from 0, opaque, to 255.
double color_number(const std::string& color, int alpha = 0);

/// The labels that a picture names: those that some cell has, at most 30. Of more, the 29 most frequent in the first
/// set; the rest is "other". They stand in the order of the levels, so pictures of one run agree in colours.
struct Legend {
  static constexpr std::size_t most = 30;

  explicit Legend(const std::vector<const lc::Categorical*>& sets);

  /// -1 for a label that is not named.
  int rank(const std::string& name) const;
  std::string color(int rank) const { return rank < 0 ? other_color : colors[rank]; }
  /// More labels than there is room for words among the points: numbers stand there, and in the key before the names.
  bool numbered() const { return names.size() > 10; }

  std::vector<std::string> names;
  std::size_t others = 0;  ///< labels that are not named
  Index unlabelled = 0;    ///< cells without a label
};

/// Ranks of all cells, -1 without a label or with one that is not named.
std::vector<int> ranks_of(const Legend& legend, const lc::Categorical& labels);

/// A panel that holds the key alone, in one column or, beyond 16 entries, two.
void key_panel(Gnuplot& g, const Box& box, const Legend& legend, const std::string& title);

}  // namespace plots
