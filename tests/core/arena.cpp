#include <algorithm>
#include <cstdint>
#include <cstring>

#include <latentcell/core/arena.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("arena: pieces are aligned and do not overlap") {
  Arena arena;
  std::vector<std::pair<unsigned char*, std::size_t>> pieces;
  for (std::size_t i = 0; i < 200; ++i) {
    const std::size_t bytes = 1 + i * i * 7 % 50000;
    auto* at = static_cast<unsigned char*>(arena.take(bytes));
    CHECK(reinterpret_cast<std::uintptr_t>(at) % Arena::alignment == 0);
    std::memset(at, int(i), bytes);
    pieces.emplace_back(at, bytes);
  }
  bool whole = true;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    for (std::size_t k = 0; k < pieces[i].second; ++k) whole = whole && pieces[i].first[k] == (unsigned char)(i);
  }
  CHECK(whole);
}

TEST_CASE("arena: a second round of the same pieces takes the same memory") {
  Arena arena;
  std::vector<void*> first, second;
  for (std::vector<void*>* round : {&first, &second}) {
    for (std::size_t i = 0; i < 50; ++i) round->push_back(arena.take(100000 + 1000 * i));
    arena.reset();
  }
  CHECK(first == second);
}

TEST_CASE("arena: grows for a piece larger than any before, and moves with its memory") {
  Arena arena;
  auto* big = arena.take<double>(3'000'000);
  big[2'999'999] = 4;
  const std::size_t held = arena.capacity();
  CHECK(held >= 24'000'000);
  Arena other(std::move(arena));
  CHECK(other.capacity() == held);
  CHECK(big[2'999'999] == 4);
  CHECK(arena.capacity() == 0);  // NOLINT: a moved-from arena is empty and usable
  CHECK(arena.take(10) != nullptr);
}

TEST_CASE("arena: rewind takes back what was handed out since the mark, across a growth too, and nothing before it") {
  Arena arena;
  auto* const kept = arena.take<int>(1000);
  std::fill_n(kept, 1000, 7);
  const Arena::Mark mark = arena.mark();
  void* const next = arena.take(100);
  arena.take(std::size_t{5} << 20);  // does not fit where the arena stands
  const std::size_t held = arena.capacity();
  arena.rewind(mark);
  CHECK(arena.take(100) == next);
  std::memset(next, 1, 100);
  CHECK(std::count(kept, kept + 1000, 7) == 1000);
  arena.take(std::size_t{5} << 20);
  CHECK(arena.capacity() == held);
}
