#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <latentcell/core/threads.hpp>
#include <latentcell/train/progress.hpp>

#include "options.hpp"
#include "plot/gnuplot.hpp"

// What a program begins and ends with, and what it says meanwhile.

namespace program {

/// Returns the status of run(). An exception becomes one line on standard error and status 1, before training_begins()
/// status 2: until then nothing but options and input can be wrong.
int guarded(const char* name, const std::function<int()>& run);

/// Marks that options and input are read and found to be right.
void training_begins();

/// Tells that a checkpoint or model could not be saved: the run goes on, and ends with this error.
void save_failed(const std::string& why);

/// Seconds of a clock that only runs forwards.
double now();

double peak_memory_mb();

/// Bytes that this process has in memory now, and that it may have (0: unknown).
double resident_memory();
double memory_limit();

/// Prints a line for reading; nothing with --quiet.
void print_line(const std::string& line);
/// Prints the outcome of a run, with --quiet too.
void print_verdict(const std::string& line);
/// Prints to standard error what may spoil the outcome, with --quiet too.
void warn(const std::string& line);

/// Names what begins now. While nothing else is printed, it is shown with its time: every few seconds on a terminal,
/// every half minute elsewhere.
void doing(const std::string& what);

/// Where stages show their progress; null with --quiet.
std::shared_ptr<lc::ProgressDisplay> display();

/// Throws where a file cannot be written.
void check_file(const std::string& file);

/// Finds out before hours of training, not after, that a result cannot be written or would be written over an input or
/// another result, or that another run has the --checkpoint folder; sets the number of threads and the memory.
/// inputs, outputs: files of the program beside those that all programs have; empty names are none
void begin(const Common& s, std::vector<std::string> inputs = {}, std::vector<std::string> outputs = {});

/// Says what is left where a signal stops the program from here on.
void stopping_means(const std::string& line);

/// Prints what is left of a run that a signal stopped; returns the status that the program ends with.
int exit_interrupted();

}  // namespace program
