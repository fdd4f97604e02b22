# Sourced: refuses WORDS ARGUMENTS... runs $program, which must end with status 2 (wrong options or input), one clear
# sentence that holds the words, and nothing written; else $failed becomes 1.
failed=0
refuses() {
  local words=$1 status=0
  shift
  timeout 120 "$program" "$@" --out refused.h5ad > output 2> messages || status=$?
  if [ "$status" -ne 2 ]; then
    echo "WRONG: exit $status after $*"; failed=1
  elif ! grep -qiF -- "$words" messages; then
    echo "WRONG: the message after $* does not say '$words':"; cat messages; failed=1
  elif [ "$(grep -c . messages)" -gt 2 ]; then
    echo "WRONG: more than a sentence after $*:"; cat messages; failed=1
  else
    echo "right:  $*: $(head -1 messages)"
  fi
  if [ -n "$(find . -name 'refused*')" ]; then
    echo "WRONG: something was written after $*"; ls; rm -rf refused*; failed=1
  fi
}
