#pragma once

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <latentcell/core/error.hpp>
#include <latentcell/io/atomic_file.hpp>

extern char** environ;

namespace plots {

namespace lc = latentcell;

/// A word as gnuplot reads it: in single quotes, without line breaks, at most `longest` letters.
std::string quote(std::string_view word, std::size_t longest = 200);

/// A picture in the making: a script and its data, in a folder of their own that goes with this object.
class Gnuplot {
 public:
  static constexpr const char* axes_on =
      "set xtics out nomirror textcolor rgb '#333333'\nset ytics out nomirror textcolor rgb '#333333'\nset border 3 "
      "linecolor rgb '#666666'";

  Gnuplot(int width, int height) {
    std::string name = (std::filesystem::temp_directory_path() / "latentcell-plot-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) lc::throw_runtime(name, ": cannot be made: ", std::strerror(errno));
    folder_ = name;
    script_ =
        lc::text("set encoding utf8\nset terminal pngcairo size ", width, ",", height,
                 " font 'Sans,13' background '#ffffff'\nset output ", quote(folder_ + "/out.png", 4096), "\n", axes_on,
                 "\nset key noenhanced textcolor rgb '#222222' samplen 2\nset format '%g'\nset samples 1000\n");
  }
  Gnuplot(const Gnuplot&) = delete;
  Gnuplot& operator=(const Gnuplot&) = delete;
  ~Gnuplot() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  /// Adds a line to the script.
  template <class... Parts>
  void line(const Parts&... parts) {
    script_ += lc::text(parts..., "\n");
  }

  /// Writes a table of numbers and gives its quoted name. Rows with a number that is not finite are left out.
  std::string data(const std::vector<std::vector<double>>& rows) {
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
    write(path, words.empty() ? "NaN NaN NaN NaN\n" : words);
    return quote(path, 4096);
  }

  /// Draws the picture and puts it in its place, whole or not at all. Throws std::runtime_error naming the picture;
  /// where gnuplot is missing, with what to install.
  void draw(const std::string& path) {
    const std::string script = folder_ + "/script", said = folder_ + "/said", made = folder_ + "/out.png";
    write(script, script_ + "unset multiplot\nunset output\n");
    const int status = run({"gnuplot", script}, said);
    std::ifstream words(said);
    std::string every;
    for (std::string l; std::getline(words, l);) {
      const std::size_t from = l.find_first_not_of(" \t^");
      if (from != std::string::npos) every += l.substr(from) + " ";
    }
    const std::string picture = read(made);
    if (status != 0 || picture.compare(0, 4, "\x89PNG") != 0) {
      lc::throw_runtime(path,
                        ": gnuplot made no picture: ", every.empty() ? lc::text("it ended with ", status) : every);
    }
    lc::io::AtomicFile file(path);
    write(file.temporary(), picture, path);
    file.commit();
  }

  /// Throws std::runtime_error, saying what to install, where there is no gnuplot.
  static void check() {
    if (run({"gnuplot", "--version"}, "/dev/null") != 0)
      lc::throw_runtime("gnuplot does not work: no pictures can be drawn");
  }

 private:
  // The exit status; output and errors go to the file `said`.
  static int run(std::vector<std::string> words, const std::string& said) {
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, said.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    pid_t child = 0;
    const int trouble = ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (trouble == ENOENT) {
      lc::throw_runtime(
          "no pictures can be drawn: the program gnuplot is not installed (Debian: apt install gnuplot-nox)");
    }
    if (trouble != 0) lc::throw_runtime("gnuplot cannot be started: ", std::strerror(trouble));
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
      if (errno != EINTR) lc::throw_runtime("gnuplot was lost: ", std::strerror(errno));
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  static std::string read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  static void write(const std::string& path, const std::string& words, const std::string& named = "") {
    std::ofstream out(path, std::ios::binary);
    out.write(words.data(), std::streamsize(words.size()));
    out.close();
    if (!out) lc::throw_runtime(named.empty() ? path : named, ": cannot be written: ", std::strerror(errno));
  }

  std::string folder_, script_;
  int files_ = 0;
};

}  // namespace plots
