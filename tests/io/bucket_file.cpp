#include <csignal>
#include <sys/resource.h>

#include <string>
#include <vector>

#include <latentcell/core/rng.hpp>
#include <latentcell/io/bucket_file.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using fixtures::message;

namespace {

std::string text_of(const io::BucketFile& file, Index bucket) {
  std::string out;
  file.read(bucket, [&](std::span<const char> bytes) { out.append(bytes.begin(), bytes.end()); });
  return out;
}

}  // namespace

TEST_CASE("BucketFile: every bucket has its records in order, whatever the buffer, and leaves no file") {
  for (const std::size_t buffer : {std::size_t(1), std::size_t(100), std::size_t(1) << 20}) {
    fixtures::TemporaryFolder folder;
    Rng rng(1);
    io::BucketFile file(folder / "", 7, buffer);
    std::vector<std::string> expected(7);
    for (int i = 0; i < 3000; ++i) {
      const std::size_t bucket = rng.below(6);
      const std::string record(rng.below(150), char('a' + rng.below(26)));
      file.append(Index(bucket), record);
      expected[bucket] += record;
      if (i % 500 == 0) file.flush();
    }
    for (std::size_t k = 0; k < 7; ++k) CHECK(text_of(file, Index(k)) == expected[k]);
    file.flush();
    for (std::size_t k = 0; k < 7; ++k) CHECK(text_of(file, Index(k)) == expected[k]);
    CHECK(folder.list().empty());
  }
}

TEST_CASE("BucketFile: records come whole") {
  fixtures::TemporaryFolder folder;
  io::BucketFile file(folder / "", 1, 64);
  for (int i = 0; i < 100; ++i) file.append(0, std::string(std::size_t(i), 'x') + "|");
  file.read(0, [](std::span<const char> bytes) { CHECK(bytes.back() == '|'); });
}

TEST_CASE("BucketFile: a folder that is not there, a disk that is full") {
  CHECK_THAT(message([] { io::BucketFile("/no/such", 1, 10); }),
             ContainsText("/no/such: the temporary file of cells fails"));
  fixtures::TemporaryFolder folder;
  io::BucketFile file(folder / "", 1, 100);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit little{1000, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &little);
  const std::string said = message([&] {
    for (int i = 0; i < 100; ++i) file.append(0, std::string(60, 'x'));
  });
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK_THAT(said, ContainsText("the temporary file of cells fails: File too large"));
}
