#include <latentcell/core/safe_text.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("safe_text: what is safe stays as it is") {
  for (const char* words :
       {"", "CD4+ T (naïve)", "β-cells", "神经元", "😀", "quote's \"and\" back\\slash", "{}^_@&~%`$#"})
    CHECK(safe_text(words) == words);
}

TEST_CASE("safe_text: control characters do not reach a terminal") {
  CHECK(safe_text("\x1b[31mred\x1b[0m") == "�[31mred�[0m");
  CHECK(safe_text("\x1b]0;title\x07") == "�]0;title�");
  CHECK(safe_text(std::string_view("a\0b", 3)) == "a�b");
  CHECK(safe_text("del\x7f") == "del�");
  CHECK(safe_text("\xC2\x9B"
                  "31m") == "�31m");  // CSI as one character
  CHECK(safe_text("a\xE2\x80\xAE"
                  "b\xE2\x80\xA8"
                  "c") == "a�b�c");  // right-to-left override, line separator
}

TEST_CASE("safe_text: line breaks and tabs become blanks, or stay where they are asked for") {
  CHECK(safe_text("a\nb\tc\rd") == "a b c d");
  CHECK(safe_text("a\nb\tc\rd", LineBreaks::kept) == "a\nb\tc d");
  CHECK(safe_text("a\n\x1b[2J", LineBreaks::kept) == "a\n�[2J");
}

TEST_CASE("safe_text: bytes that are no UTF-8 are replaced one by one") {
  CHECK(safe_text("na\xEFve") == "na�ve");  // Latin-1
  CHECK(safe_text("\xFF\xFE") == "��");
  CHECK(safe_text("\x80") == "�");       // continues nothing
  CHECK(safe_text("\xC0\xAF") == "��");  // overlong
  CHECK(safe_text("\xE0\x80\xAF") == "���");
  CHECK(safe_text("\xED\xA0\x80") == "���");       // half of a surrogate pair
  CHECK(safe_text("\xF5\x80\x80\x80") == "����");  // beyond U+10FFFF
  CHECK(safe_text("\xF4\x90\x80\x80") == "����");
  CHECK(safe_text("cut \xE7\xA5") == "cut ��");  // ends within a letter
  CHECK(safe_text("\xF4\x8F\xBF\xBF") == "\xF4\x8F\xBF\xBF");
}

TEST_CASE("safe_text: every text becomes safe, and a safe one does not change again") {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; b += 3) {
      const std::string words = {'x', char(a), char(b), 'y'}, once = safe_text(words);
      REQUIRE(safe_text(once) == once);
      REQUIRE(once.front() == 'x');
      REQUIRE(once.back() == 'y');
      for (const char c : once) REQUIRE((static_cast<unsigned char>(c) >= 0x20 && c != 0x7F));
    }
  }
}

TEST_CASE("shorten_text: letters count, not bytes") {
  CHECK(shorten_text("monocytes", 9) == "monocytes");
  CHECK(shorten_text("monocytes", 5) == "mono…");
  CHECK(shorten_text("ββββ", 4) == "ββββ");
  CHECK(shorten_text("ββββ", 3) == "ββ…");
  CHECK(shorten_text("ab", 1) == "…");
  CHECK(shorten_text("", 3) == "");
}

TEST_CASE("gnuplot_text: is one string in single quotes") {
  CHECK(gnuplot_text("B cells") == "'B cells'");
  CHECK(gnuplot_text("5' end") == "'5’ end'");
  CHECK(gnuplot_text("a\nb\\") == "'a b\\'");
  CHECK(gnuplot_text("'''''", 3) == "'’’…'");
  CHECK(gnuplot_text("") == "''");
  CHECK(gnuplot_text("100 %") == "'100 %'");
  CHECK(gnuplot_tick("100 %g") == "'100 %%g'");
}
