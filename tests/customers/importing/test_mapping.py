"""Mapping files as people write them."""

import pytest

from genjin.customers.importing.mapping import from_toml
from genjin.kernel.errors import BadInput


@pytest.mark.parametrize(
    "text",
    [
        "columns = " + "[" * 5000,
        "x = " + "9" * 5000,
        "columns = 3",
        'constants = "a"',
        "[columns]\n姓名 = 3\n电话 = [1]",
        '[columns."姓名"]\ntarget = ["name"]',
        '[columns."姓名"]\nfield = "x"\nvalues = "a"',
        '[columns."姓名"]\nfield = "x"\nchoices = 1',
        '[columns."姓名"]\nfield = "x"\nlabels = []',
        "[composed]\nx = 1",
        '[composed.x]\nparts = "a"',
    ],
)
def test_a_mapping_file_of_a_wrong_shape_is_refused_in_a_sentence(text):
    with pytest.raises(BadInput):
        from_toml(text)
