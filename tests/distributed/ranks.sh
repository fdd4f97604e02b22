# Sourced: runs tests on several ranks of one machine, whatever the number of its processors.

export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_hwloc_base_binding_policy=none
# Containers forbid one process to read another's memory.
export OMPI_MCA_btl_vader_single_copy_mechanism=none

# ranks N COMMAND...: ends with status 124 where the job hangs.
ranks() {
  local n=$1
  shift
  timeout --kill-after 5 "${LATENTCELL_RANKS_SECONDS:-60}" mpirun -n "$n" "$@"
}
