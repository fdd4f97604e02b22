"""Opens a safetensors file of ours and writes one with the Python library, for the other direction: run by hand.

    python3 safetensors_check.py written_by_us.safetensors written_by_python.safetensors

Needs safetensors and numpy. The first file is opened and listed; the second is made anew.
"""

import sys

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

with safe_open(sys.argv[1], framework="np") as file:
    print("metadata:", file.metadata())
    for name in file.keys():
        value = file.get_tensor(name)
        print(repr(name), value.dtype, value.shape, value.ravel()[:6])

save_file({"z": np.arange(6, dtype=np.float32).reshape(2, 3), "a": np.array([0.1, -1e300]),
           "empty": np.zeros((0, 70000), np.float32), "n": np.array([-1, 2**62])}, sys.argv[2], metadata={"key": "\u00e9 \"x\""})
