#pragma once

#include <sys/resource.h>

// Most memory that this program has held so far, in MB.
inline double resident_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return double(usage.ru_maxrss) / 1024.0;
}
