"""Arrays and tables as files. Libraries are imported late: a help text needs none."""

import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cuvee.disk.files import create, named
from cuvee.disk.seam import Operation, tell

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa


def save_array(path: Path, values: "npt.NDArray[np.generic]") -> None:
    """Write an array as .npy."""
    import numpy as np

    with create(path) as file:
        np.save(file, values, allow_pickle=False)


def save_arrays(path: Path, **values: "npt.NDArray[np.generic]") -> None:
    """Write arrays as .npz, each by its name."""
    import numpy as np

    with create(path) as file, zipfile.ZipFile(file, "w") as archive:
        for name, value in values.items():
            # an entry of its own: numpy's carry the time of day, and equal arrays shall be equal bytes
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as part:
                np.lib.format.write_array(part, np.asanyarray(value), allow_pickle=False)


def empty_array(path: Path, shape: Sequence[int]) -> "npt.NDArray[np.float32]":
    """Return a new .npy file of float32 as an array to be filled, mapped into memory.

    Its space on the disk is taken here: on a full disk a mapped array ends the process by a signal when it is filled.
    """
    import numpy as np

    tell(Operation("create", path))
    target = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=tuple(shape))
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file, named(path):
            size = path.stat().st_size
            tell(Operation("write", path, size))
            os.posix_fallocate(file.fileno(), 0, size)
    return target


def save_table(path: Path, table: "pa.Table") -> None:
    """Write a table as Parquet."""
    import pyarrow.parquet as pq

    with create(path) as file:
        pq.write_table(table, file, compression="zstd")
