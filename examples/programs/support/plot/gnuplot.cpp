#include "gnuplot.hpp"

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <latentcell/io/atomic_file.hpp>

extern char** environ;

namespace plots {

namespace {

// A path as it is: control characters are part of a file's name.
std::string path_in_quotes(const std::string& path) {
  std::string out = "'";
  for (const char letter : path) out += letter == '\'' ? "''" : std::string(1, letter);
  return out + "'";
}

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const std::string& path, const std::string& words, const std::string& named = "") {
  std::ofstream out(path, std::ios::binary);
  out.write(words.data(), std::streamsize(words.size()));
  out.close();
  if (!out) lc::throw_runtime(named.empty() ? path : named, ": cannot be written: ", std::strerror(errno));
}

// The exit status, -1 where the program cannot be started; output and errors go to the file `said`.
int run(std::vector<std::string> words, const std::string& said) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, said.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t child = 0;
  const int trouble = ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (trouble != 0) return -1;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

namespace {

// Whether some font has a letter; yes where fontconfig cannot be asked. Those of European alphabets and common signs
// are in every sans-serif font.
bool drawable(std::string_view letter, std::uint32_t code) {
  if (code < 0x590 || (code >= 0x2000 && code < 0x2C00) || code == 0xFFFD) return true;
  static std::map<std::string, bool, std::less<>> asked;
  const auto earlier = asked.find(letter);
  if (earlier != asked.end()) return earlier->second;
  char charset[32];
  std::snprintf(charset, sizeof charset, ":charset=%x", unsigned(code));
  const std::string said =
      (std::filesystem::temp_directory_path() / lc::text("latentcell-fonts-", long(::getpid()))).string();
  const bool found = run({"fc-list", charset, "family"}, said) != 0 || !read(said).empty();
  std::error_code ignored;
  std::filesystem::remove(said, ignored);
  return asked[std::string(letter)] = found;
}

std::string with_glyphs(std::string_view words) {
  const std::string safe = lc::safe_text(words);
  std::string out;
  for (std::size_t at = 0; at < safe.size();) {
    std::size_t end = at + 1;
    while (end < safe.size() && (safe[end] & 0xC0) == 0x80) ++end;
    std::uint32_t code = static_cast<unsigned char>(safe[at]);
    if (end - at > 1) code &= 0xFFu >> (end - at + 1);
    for (std::size_t k = at + 1; k < end; ++k) code = (code << 6) | (static_cast<unsigned char>(safe[k]) & 0x3Fu);
    const std::string_view letter = std::string_view(safe).substr(at, end - at);
    out += drawable(letter, code) ? letter : "□";
    at = end;
  }
  return out;
}

}  // namespace

std::string quote(std::string_view words, std::size_t longest) { return lc::gnuplot_text(with_glyphs(words), longest); }

std::string quote_tick(std::string_view words, std::size_t longest) {
  return lc::gnuplot_tick(with_glyphs(words), longest);
}

std::size_t columns_of(const std::string& words) {
  std::size_t out = 0;
  for (const char letter : words) {
    const auto byte = static_cast<unsigned char>(letter);
    if ((byte & 0xC0) != 0x80) out += byte >= 0xE3 ? 2 : 1;
  }
  return out;
}

std::string fixed(double value, int decimals) {
  char words[64];
  std::snprintf(words, sizeof words, "%.*f", decimals, value);
  return words;
}

std::string grouped(long long value) {
  std::string out = std::to_string(value);
  for (int at = int(out.size()) - 3; at > (value < 0 ? 1 : 0); at -= 3) out.insert(std::size_t(at), ",");
  return out;
}

Gnuplot::Gnuplot(int width, int height) : width_(width), height_(height) {
  std::string name = (std::filesystem::temp_directory_path() / "latentcell-plot-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) lc::throw_runtime(name, ": cannot be made: ", std::strerror(errno));
  folder_ = name;
  script_ = "set multiplot\nset samples 1000\nset key noautotitle textcolor rgb '#222222' samplen 2\n";
}

Gnuplot::~Gnuplot() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string Gnuplot::at_page(double x, double y) const {
  return lc::text("screen ", x / width_, ", screen ", y / height_);
}

void Gnuplot::panel(const Box& box, const Titles& titles) {
  box_ = box;
  line("unset label\nunset arrow\nunset key\nunset colorbox\nunset logscale\nunset grid\nset size noratio");
  line("set border 3 linecolor rgb '#666666'\nset format '%g'\nset xrange [*:*]\nset yrange [*:*]");
  line(
      "set xtics out nomirror autofreq textcolor rgb '#333333'\nset ytics out nomirror autofreq textcolor rgb "
      "'#333333'");
  line("set lmargin at screen ", box.left / width_, "\nset rmargin at screen ", (box.left + box.width) / width_,
       "\nset bmargin at screen ", box.bottom / height_, "\nset tmargin at screen ",
       (box.bottom + box.height) / height_);
  line("set xlabel ", quote(titles.x), "\nset ylabel ", quote(titles.y));
  const double middle = box.left + box.width / 2;
  double above = box.bottom + box.height + 14;
  if (!titles.key.empty()) {
    key_row(titles.key, above);
    above += 24;
  }
  if (!titles.note.empty()) {
    line("set label 101 ", quote(titles.note, std::size_t((box.width + 80) / 7.0)), " at ", at_page(middle, above),
         " center font 'Sans,11' textcolor rgb '#555555'");
    above += 22;
  }
  line("set label 102 ", quote(titles.title, std::size_t((box.width + 80) / 9.2)), " at ", at_page(middle, above + 2),
       " center font 'Sans,14'");
}

void Gnuplot::key_row(const std::vector<KeyEntry>& key, double y) {
  const auto width_of = [](const KeyEntry& e) { return 48 + 8.4 * double(columns_of(e.name)); };
  double x = box_.left + box_.width / 2;
  for (const KeyEntry& e : key) x -= width_of(e) / 2;
  int tag = 110;
  for (const KeyEntry& e : key) {
    if (e.mark == Mark::dot) {
      line("set label ", tag++, " '' at ", at_page(x + 12, y), " point pointtype 7 pointsize 1.2 linecolor rgb '",
           e.color, "'");
    } else {
      line("set arrow from ", at_page(x, y), " to ", at_page(x + 22, y), " nohead linewidth 2 dashtype ",
           e.mark == Mark::dashes ? 2 : 1, " linecolor rgb '", e.color, "'");
    }
    line("set label ", tag++, " ", quote(e.name), " at ", at_page(x + 26, y),
         " left font 'Sans,12' textcolor rgb '#222222'");
    x += width_of(e);
  }
}

void Gnuplot::bare_panel(const Box& box, const Titles& titles) {
  panel(box, titles);
  line("unset border\nunset xtics\nunset ytics");
}

std::string Gnuplot::data(const Points& rows) {
  const std::string path = lc::text(folder_, "/", files_++);
  std::string words;
  for (const auto& row : rows) {
    bool finite = true;
    for (double v : row) finite = finite && std::isfinite(v);
    for (std::size_t i = 0; finite && i < row.size(); ++i) {
      char number[40];
      std::snprintf(number, sizeof number, "%s%.12g", i == 0 ? "" : " ", row[i]);
      words += number;
    }
    if (finite) words += '\n';
  }
  // gnuplot takes a file without points for a mistake.
  write(path, words.empty() ? "NaN NaN NaN NaN NaN\n" : words);
  return path_in_quotes(path);
}

std::string Gnuplot::make(const std::string& header, const std::string& ending) {
  const std::string made = folder_ + "/out." + ending, script = folder_ + "/script", said = folder_ + "/said";
  write(script, lc::text("set encoding utf8\n", header, "\nset output ", path_in_quotes(made), "\n", script_,
                         "unset multiplot\nunset output\n"));
  const int status = run({"gnuplot", "-d", script}, said);  // -d: no settings of the user's own
  const std::string picture = read(made), begins = ending == "png" ? "\x89PNG" : "%PDF";
  if (status == 0 && picture.compare(0, 4, begins) == 0) return picture;
  std::ifstream words(said);
  std::string every;
  for (std::string l; every.size() < 300 && std::getline(words, l);) {
    const std::size_t from = l.find_first_not_of(" \t^");
    if (from != std::string::npos) every += l.substr(from) + " ";
  }
  lc::throw_runtime("gnuplot made no ", ending, ": ", every.empty() ? lc::text("it ended with ", status) : every);
}

void Gnuplot::draw(const std::string& path) {
  // The PDF has half the size and half of everything on it: a page of a paper. The same library draws both.
  const std::string headers[] = {
      lc::text("set terminal pngcairo noenhanced size ", width_, ",", height_, " font 'Sans,13' background '#ffffff'"),
      lc::text("set terminal pdfcairo noenhanced size ", width_ / 144.0, "in,", height_ / 144.0,
               "in font 'Sans,13' fontscale 0.5 linewidth 0.5 pointscale 0.5 background '#ffffff'")};
  for (const std::size_t k : {std::size_t(0), std::size_t(1)}) {
    const std::string ending = k == 0 ? "png" : "pdf", picture = make(headers[k], ending);
    lc::io::AtomicFile file(path + "." + ending);
    write(file.temporary(), picture, path + "." + ending);
    file.commit();
  }
}

bool Gnuplot::present() {
  static const bool works = run({"gnuplot", "--version"}, "/dev/null") == 0;
  return works;
}

void note(const std::string& words) {
  std::printf("note: %s\n", lc::safe_text(words).c_str());
  std::fflush(stdout);
}

void note_if_absent() {
  if (!Gnuplot::present())
    note(
        "no pictures will be drawn: the program gnuplot is missing or does not work (Debian: apt install gnuplot-nox)");
}

}  // namespace plots
