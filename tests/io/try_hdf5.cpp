#include <latentcell/io/try_hdf5.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <exception>
#include <string>
#include <vector>

#include <latentcell/core/rng.hpp>
#include <latentcell/io/h5ad_write.hpp>
#include <latentcell/io/read_cells.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using fixtures::message;
using fixtures::reference;

namespace {

/// What reading a file in another process ends with: "read", a sentence, or that it crashed.
std::string outcome(const std::string& path) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const ::pid_t child = ::fork();
  if (child == 0) {
    std::string said = "read";
    try {
      io::read_cells(path).check();
    } catch (const std::exception& error) {
      said = error.what();
    }
    (void)!::write(ends[1], said.data(), said.size());
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string said(4096, '\0');
  const ssize_t got = ::read(ends[0], said.data(), said.size());
  said.resize(std::size_t(std::max<ssize_t>(0, got)));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? said : "crashed";
}

volatile std::sig_atomic_t reader_id = 0;

/// A signal's handler that ends the child alone: as one that crashed, though with a good status, or killed.
void leave(int signal) {
  if (::getpid() == reader_id) return;
  if (signal == SIGUSR2) ::kill(::getpid(), SIGKILL);
  ::_exit(0);
}

std::string fifo_path;
::pid_t writer = 0;

/// An HDF5 filter at which a process that reads waits, until nobody has the pipe open for writing.
std::size_t wait_here(unsigned, std::size_t, const unsigned*, std::size_t bytes, std::size_t*, void**) {
  if (::getpid() == writer) return bytes;
  char byte = 0;
  const int fifo = ::open(fifo_path.c_str(), O_RDONLY | O_CLOEXEC);
  while (::read(fifo, &byte, 1) != 0) {
  }
  return bytes;
}

hid_t create(const std::string& path) { return H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT); }

/// A file at which its reader waits.
void write_waiting(const std::string& path) {
  constexpr H5Z_filter_t filter = 400;
  const H5Z_class2_t what = {H5Z_CLASS_T_VERS, filter, 1, 1, "wait", nullptr, nullptr, wait_here};
  REQUIRE(H5Zregister(&what) >= 0);
  writer = ::getpid();
  const hsize_t extent = 4;
  const int values[4] = {1, 2, 3, 4};
  const hid_t file = create(path), space = H5Screate_simple(1, &extent, nullptr), plan = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(plan, 1, &extent);
  H5Pset_filter(plan, filter, H5Z_FLAG_MANDATORY, 0, nullptr);
  const hid_t data = H5Dcreate2(file, "data", H5T_STD_I32LE, space, H5P_DEFAULT, plan, H5P_DEFAULT);
  REQUIRE(H5Dwrite(data, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
  H5Dclose(data);
  H5Pclose(plan);
  H5Sclose(space);
  H5Fclose(file);
}

/// A reader in its own group of processes that tries a file at which its child waits.
struct Waiting {
  explicit Waiting(const fixtures::TemporaryFolder& folder, bool keeps_children = true) {
    const std::string path = folder / "t.h5";
    write_waiting(path);
    fifo_path = folder / "fifo";
    REQUIRE(::mkfifo(fifo_path.c_str(), 0600) == 0);
    REQUIRE(::pipe(said_) == 0);
    pid = ::fork();
    if (pid == 0) {
      ::setpgid(0, 0);
      reader_id = ::getpid();
      for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2}) ::signal(signal, leave);
      if (!keeps_children) ::signal(SIGCHLD, SIG_IGN);
      const std::string what = message([&] { io::try_hdf5(path, 1); });
      (void)!::write(said_[1], what.data(), what.size());
      ::_exit(0);
    }
    ::close(said_[1]);
    fifo = ::open(fifo_path.c_str(), O_WRONLY | O_CLOEXEC);  // goes on when the child opens it
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  /// What the reader ends with.
  std::string said() const {
    char bytes[512];
    const ssize_t got = ::read(said_[0], bytes, sizeof bytes);
    return {bytes, std::size_t(std::max<ssize_t>(0, got))};
  }
  ~Waiting() {
    ::close(said_[0]);
    ::close(fifo);
    ::waitpid(pid, nullptr, 0);
  }

  ::pid_t pid = 0;
  int fifo = -1;

 private:
  int said_[2] = {-1, -1};
};

}  // namespace

TEST_CASE("try_hdf5: whole files pass, and nothing of the child is left") {
  for (const char* name :
       {"csr.h5ad", "csc.h5ad", "dense.h5ad", "old.h5ad", "ancient.h5ad", "layers.h5ad", "tenx_v2.h5", "tenx_v3.h5"}) {
    INFO(name);
    CHECK(message([&] { io::try_hdf5(reference(name)); }).empty());
  }
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);  // no child
}

TEST_CASE("try_hdf5: little memory for the reader does not make a file damaged") {
  const ::pid_t child = ::fork();
  if (child == 0) {
    rlimit limit{};
    ::getrlimit(RLIMIT_DATA, &limit);
    limit.rlim_cur = 1;
    ::setrlimit(RLIMIT_DATA, &limit);
    try {
      io::try_hdf5(reference("csr.h5ad"));
      ::_exit(0);
    } catch (...) {
      ::_exit(1);
    }
  }
  int status = 1;
  ::waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("try_hdf5: a signal to the group of processes is the reader's alone, and a file that hangs is said to") {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    const fixtures::TemporaryFolder folder;
    const Waiting waiting(folder);
    ::kill(-waiting.pid, signal);
    CHECK_THAT(waiting.said(),
               ContainsText("t.h5: nothing was read for 1 s: the file is damaged, or its disk is slow"));
  }
}

TEST_CASE("try_hdf5: a child that ends early is noticed, also where the system keeps no status") {
  for (const bool keeps_children : {true, false}) {
    for (const int signal : {SIGUSR1, SIGUSR2}) {
      const fixtures::TemporaryFolder folder;
      const Waiting waiting(folder, keeps_children);
      ::kill(-waiting.pid, signal);
      CHECK_THAT(waiting.said(),
                 ContainsText(signal == SIGUSR2 && keeps_children ? "was killed (out of memory?)"
                                                                  : "damaged (HDF5 failed reading it)"));
    }
  }
  const ::pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGCHLD, SIG_IGN);
    ::_exit(message([] { io::try_hdf5(reference("csr.h5ad")); }).empty() ? 0 : 1);
  }
  int status = 1;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
}

#ifdef __linux__
TEST_CASE("try_hdf5: the child ends with its reader") {
  const fixtures::TemporaryFolder folder;
  const Waiting waiting(folder);
  ::kill(waiting.pid, SIGKILL);
  ::pollfd end{waiting.fifo, 0, 0};
  CHECK(::poll(&end, 1, 60000) == 1);
  CHECK((end.revents & POLLERR) != 0);  // nobody reads
}
#endif

TEST_CASE("try_hdf5: a program that closed its standard files reads") {
  const ::pid_t child = ::fork();
  if (child == 0) {
    for (const int file : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::close(file);
    ::_exit(message([] { io::try_hdf5(reference("csr.h5ad")); }).empty() ? 0 : 1);
  }
  int status = 1;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
}

TEST_CASE("try_hdf5: the child closes what it does not need, and reads a file that is open here") {
  const int file = ::open("/dev/null", O_RDONLY | O_CLOEXEC), pipe = ::dup(file);
  const auto left = [&] {
    const ::pid_t parent = ::getpid(), child = ::fork();
    if (child == 0) {
      io::detail::leave_reader(pipe, parent);
      ::_exit((::fcntl(file, F_GETFD) >= 0 ? 1 : 0) + (::fcntl(pipe, F_GETFD) >= 0 ? 2 : 0));
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WEXITSTATUS(status);
  };
  CHECK(left() == 2);
  const io::Hdf5Object open = io::Hdf5Object::open_file(reference("csr.h5ad"));
  CHECK(left() == 3);
  CHECK(message([] { io::try_hdf5(reference("csr.h5ad")); }).empty());
  ::close(file);
  ::close(pipe);
}

TEST_CASE("try_hdf5: datasets without values, and of a single one, pass in every layout") {
  const fixtures::TemporaryFolder folder;
  const hid_t file = create(folder / "t.h5");
  for (const H5S_class_t of : {H5S_NULL, H5S_SCALAR}) {
    for (const H5D_layout_t layout : {H5D_COMPACT, H5D_CONTIGUOUS}) {
      const hid_t space = H5Screate(of), plan = H5Pcreate(H5P_DATASET_CREATE);
      H5Pset_layout(plan, layout);
      const std::string name = text("d", int(of), "_", int(layout));
      const hid_t data = H5Dcreate2(file, name.c_str(), H5T_STD_I32LE, space, H5P_DEFAULT, plan, H5P_DEFAULT);
      CHECK(data >= 0);
      H5Dclose(data);
      H5Pclose(plan);
      H5Sclose(space);
    }
  }
  H5Fclose(file);
  CHECK(message([&] { io::try_hdf5(folder / "t.h5"); }).empty());
}

TEST_CASE("try_hdf5: packed chunks of every kind pass") {
  const fixtures::TemporaryFolder folder;
  Rng rng(3);
  CellTable table;
  std::vector<std::int64_t> row_start = {0};
  std::vector<std::int32_t> columns;
  std::vector<float> values;
  for (int cell = 0; cell < 300; ++cell) {
    for (std::int32_t gene = 0; gene < 40; ++gene) {
      if (rng.below(3) != 0) continue;
      columns.push_back(gene);
      values.push_back(float(1 + rng.below(9)));
    }
    row_start.push_back(std::int64_t(columns.size()));
    table.cell_names.push_back(text("cell_", cell));
  }
  for (int gene = 0; gene < 40; ++gene) table.gene_names.push_back(text("gene_", gene));
  table.counts = Counts(40, row_start, columns, values);
  table.cell_columns = Annotation(300);
  table.gene_columns = Annotation(40);
  for (const int compression : {0, 4}) {
    io::write_h5ad(folder / "t.h5ad", table, {.compression = compression});
    CHECK(message([&] { io::try_hdf5(folder / "t.h5ad"); }).empty());
    CHECK(io::read_h5ad(folder / "t.h5ad").counts.view().nonzeros() == Index(values.size()));
  }
}

TEST_CASE("read_cells: a file damaged at any of 200 places is read or ends in a sentence, whatever HDF5 does") {
  const fixtures::TemporaryFolder folder;
  Rng rng(12);
  int read = 0, refused = 0;
  const std::vector<std::string> names = {"csr.h5ad", "csc.h5ad", "dense.h5ad", "old.h5ad", "tenx_v3.h5"};
  for (int i = 0; i < 200; ++i) {
    std::string bytes = fixtures::read_bytes(reference(names[std::size_t(i) % names.size()]));
    for (int k = 0; k < 4; ++k) {
      const std::size_t at = rng.below(bytes.size()), width = std::min<std::size_t>(8, bytes.size() - at);
      if (rng.below(2) == 0) {
        bytes[at] = char(rng.below(256));
      } else {
        std::fill_n(bytes.begin() + std::ptrdiff_t(at), width, char(rng.below(2) == 0 ? 0 : 255));
      }
    }
    fixtures::write_bytes(folder / "t.h5ad", bytes);
    const std::string what = outcome(folder / "t.h5ad");
    INFO("place " << i << ": " << what);
    CHECK(what != "crashed");
    CHECK(what.find('\n') == std::string::npos);
    ++(what == "read" ? read : refused);
  }
  CHECK(read > 20);
  CHECK(refused > 50);
}

TEST_CASE("try_hdf5: a dataset that claims other sizes than its chunks have is refused with its name") {
  const fixtures::TemporaryFolder folder;
  const std::string path = folder / "t.h5";
  const hid_t file = create(path);
  const hsize_t extent = 128, chunk = 64;
  const hid_t space = H5Screate_simple(1, &extent, nullptr), plan = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(plan, 1, &chunk);
  H5Pset_deflate(plan, 6);
  const hid_t data = H5Dcreate2(file, "data", H5T_STD_I32LE, space, H5P_DEFAULT, plan, H5P_DEFAULT);
  const std::vector<int> values(128, 7);
  H5Dwrite(data, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
  H5Dclose(data);
  H5Pclose(plan);
  H5Sclose(space);
  H5Fclose(file);
  CHECK(message([&] { io::try_hdf5(path); }).empty());
  // The layout message: version 3, chunked, 2 dimensions, address, then the extents of a chunk: 64 values of 4 bytes.
  std::string bytes = fixtures::read_bytes(path);
  const std::string extents("\x40\0\0\0\x04\0\0\0", 8);
  const std::size_t at = bytes.find(extents);
  REQUIRE(at != std::string::npos);
  bytes[at] = 80;
  fixtures::write_bytes(path, bytes);
  CHECK_THAT(message([&] { io::try_hdf5(path); }), ContainsText("t.h5: data: has chunks of 256 bytes, not 320"));
}

TEST_CASE("Hdf5Object: nothing outside the file is read, through whatever link") {
  const fixtures::TemporaryFolder folder;
  const hid_t other = create(folder / "other.h5");
  H5Gclose(H5Gcreate2(other, "secret", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  H5Fclose(other);
  const hid_t file = create(folder / "t.h5");
  H5Lcreate_external("other.h5", "/secret", file, "outside", H5P_DEFAULT, H5P_DEFAULT);
  H5Lcreate_soft("/outside", file, "around", H5P_DEFAULT, H5P_DEFAULT);
  H5Gclose(H5Gcreate2(file, "inside", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  H5Lcreate_soft("/inside", file, "soft", H5P_DEFAULT, H5P_DEFAULT);
  const hsize_t extent = 4;
  const hid_t space = H5Screate_simple(1, &extent, nullptr);
  const hid_t raw = H5Pcreate(H5P_DATASET_CREATE), mapped = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_external(raw, "/etc/passwd", 0, 16);
  H5Pset_virtual(mapped, space, "other.h5", "/secret", space);
  H5Dclose(H5Dcreate2(file, "raw", H5T_STD_I32LE, space, H5P_DEFAULT, raw, H5P_DEFAULT));
  H5Dclose(H5Dcreate2(file, "mapped", H5T_STD_I32LE, space, H5P_DEFAULT, mapped, H5P_DEFAULT));
  for (const hid_t plan : {raw, mapped}) H5Pclose(plan);
  H5Sclose(space);
  H5Fclose(file);
  const io::Hdf5Quiet quiet;
  const io::Hdf5Object root = io::Hdf5Object::open_file(folder / "t.h5");
  CHECK(root.open("soft").is_group());
  for (const char* name : {"outside", "around"}) {
    CHECK_THAT(message([&] { root.open(name); }), ContainsText("is a link to another file, which is not followed"));
    CHECK_FALSE(root.find(name).has_value());
  }
  for (const char* name : {"raw", "mapped"})
    CHECK_THAT(message([&] { root.open(name); }), ContainsText("keeps its values in another file, which is not read"));
  CHECK(message([&] { io::try_hdf5(folder / "t.h5"); }).empty());  // the reader says what it does not read
}
