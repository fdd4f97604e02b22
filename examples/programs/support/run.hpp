#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include <latentcell/core/threads.hpp>

#include "options.hpp"
#include "plot/gnuplot.hpp"

// What a program begins and ends with.

namespace program {

/// Returns the status of run(); an exception becomes one line on standard error and status 1.
template <class Run>
int guarded(const char* name, const Run& run) {
  try {
    return run();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s: %s\n", name, e.what());
    return 1;
  }
}

/// Seconds of a clock that only runs forwards.
double now();

double peak_memory_mb();

void print_line(const std::string& line);

/// Throws where a file cannot be written.
void check_file(const std::string& file);

/// Finds out before hours of training, not after, that a result cannot be written or would be written over an input or
/// another result; sets the number of threads.
/// inputs, outputs: files of the program beside those that all programs have; empty names are none
void begin(const Common& s, std::vector<std::string> inputs = {}, std::vector<std::string> outputs = {});

/// Prints what is left of a training that a signal stopped; returns the status that the program ends with.
int exit_interrupted(const Common& s);

}  // namespace program
