#pragma once

#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/safe_text.hpp>

// The program gnuplot: scripts and their data, and what happens where it fails.

namespace plots {

namespace lc = latentcell;

using Points = std::vector<std::vector<double>>;

/// Words in quotes for gnuplot. Letters that no font of this computer has become boxes: gnuplot draws those as high as
/// the page.
std::string quote(std::string_view words, std::size_t longest = 200);

/// The same for the name of a tick.
std::string quote_tick(std::string_view words, std::size_t longest = 200);

/// Columns that words take: letters of East Asia and emoji take two.
std::size_t columns_of(const std::string& words);

/// A number with so many decimals.
std::string fixed(double value, int decimals);

/// A whole number with commas between thousands.
std::string grouped(long long value);

/// Where a panel's axes stand on the page, in pixels from its lower left corner.
struct Box {
  double left = 0, bottom = 0, width = 1, height = 1;
};

/// An entry of a key.
enum class Mark { dot, line, dashes };
struct KeyEntry {
  std::string name, color;
  Mark mark = Mark::dot;
};

/// Words of a panel. The key, if any, stands between note and axes, clear of the data.
struct Titles {
  std::string title, x = "", y = "";
  std::string note = "";           ///< small, below the title: numbers, what is shown of what
  std::vector<KeyEntry> key = {};  ///< in one row
};

/// A picture in the making: a script and its data, in a folder of their own that goes with this object.
class Gnuplot {
 public:
  /// Size of the page in pixels.
  Gnuplot(int width, int height);
  Gnuplot(const Gnuplot&) = delete;
  Gnuplot& operator=(const Gnuplot&) = delete;
  ~Gnuplot();

  /// Adds a line to the script.
  template <class... Parts>
  void line(const Parts&... parts) {
    script_ += lc::text(parts..., "\n");
  }

  /// Begins a panel: nothing of the panels before it is left but the palette.
  void panel(const Box& box, const Titles& titles);

  /// A panel without axes, for keys and maps.
  void bare_panel(const Box& box, const Titles& titles);

  /// Words beside the panels, centred at a point of the page in pixels.
  std::string at_page(double x, double y) const;

  const Box& box() const { return box_; }

  /// Writes a table of numbers and gives its quoted name. Rows with a number that is not finite are left out.
  std::string data(const Points& rows);

  /// Draws the picture as PATH.png and PATH.pdf, each whole or not at all. Throws std::runtime_error naming the
  /// picture.
  void draw(const std::string& path);

  /// Whether gnuplot can be started; asked once.
  static bool present();

 private:
  void key_row(const std::vector<KeyEntry>& key, double y);
  std::string make(const std::string& header, const std::string& ending);

  int width_, height_, files_ = 0;
  std::string folder_, script_;
  Box box_;
};

/// Prints a note on the console.
void note(const std::string& words);

/// Says before a long training that there will be no pictures, where gnuplot is missing.
void note_if_absent();

/// Draws; what fails is a note and the run goes on. Nothing where gnuplot is missing.
template <class Draw>
void attempt(const std::string& picture, const Draw& draw) {
  if (!Gnuplot::present()) return;
  try {
    draw();
  } catch (const std::exception& e) {
    note(lc::text(picture, " is not drawn: ", e.what()));
  }
}

}  // namespace plots
