#include <filesystem>
#include <fstream>

#include <latentcell/io/matrix_market.hpp>

#include "fuzz/fuzz.hpp"

// The bytes are the matrix; the names beside it are those of three cells and four genes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const std::string folder = [] {
    const std::string out = "/dev/shm/latentcell-fuzz-mtx-" + std::to_string(::getpid());
    std::filesystem::create_directories(out);
    std::ofstream(out + "/barcodes.tsv") << "AAAC-1\nAAAG-1\nAAAT-1\n";
    std::ofstream(out + "/genes.tsv") << "ENSG1\tA\nENSG2\tB\nENSG3\tC\nENSG4\tD\n";
    return out;
  }();
  std::ofstream(folder + "/matrix.mtx", std::ios::binary).write(reinterpret_cast<const char*>(bytes), long(size));
  try {
    latentcell::io::read_matrix_market(folder).check();
  } catch (const std::exception& e) {
    if (std::string(e.what()).find('\n') != std::string::npos) __builtin_trap();
  }
  return 0;
}
