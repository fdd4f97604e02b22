// The main of every room's test program. Its grain makes small examples use two threads where two are set.
#include <latentcell/core/threads.hpp>

static const bool small_grain = (latentcell::set_thread_grain(1 << 12), true);

#if __has_include(<catch2/catch_session.hpp>)
#include <catch2/catch_session.hpp>
int main(int argc, char** argv) { return Catch::Session().run(argc, argv); }
#else
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#endif
