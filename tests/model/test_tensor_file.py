"""Weights are read alike by their own package and by numpy alone, and damage is refused."""

import numpy as np
import pytest
from safetensors.numpy import save

from aqfusion.model.tensor_file import load_tensors, plain_load
from aqfusion.settings import ASSETS


def test_numpy_alone_reads_what_the_package_reads():
    content = (ASSETS / "models" / "mobilenetv2_100" / "model.safetensors").read_bytes()
    expected, read = load_tensors(content), plain_load(content)
    assert read.keys() == expected.keys()
    for name, values in expected.items():
        assert (read[name].dtype, read[name].shape) == (values.dtype, values.shape)
        np.testing.assert_array_equal(read[name], values)


WHOLE = save({"a": np.arange(6, dtype=np.float16).reshape(2, 3), "b": np.zeros(0, np.int64)})


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        WHOLE[:7],
        WHOLE[:20],
        WHOLE[:-1],
        (2**63).to_bytes(8, "little") + WHOLE[8:],
        WHOLE.replace(b'"F16"', b'"F99"'),
        WHOLE.replace(b"[2,3]", b"[9,3]"),
        WHOLE.replace(b"[2,3]", b"[-2,-3]").replace(b"{", b"{", 1),
        WHOLE.replace(b'"shape"', b'"shaqe"'),
    ],
)
def test_a_damaged_file_is_refused(damaged):
    for read in (load_tensors, plain_load):
        with pytest.raises(ValueError, match=r"."):
            read(damaged)
