#pragma once

// AnnData files, read and written: read_h5ad and write_h5ad.
#include <latentcell/io/h5ad_read.hpp>
#include <latentcell/io/h5ad_write.hpp>
