"""The one way to the disk: whatever is written, renamed, copied or removed passes here, durable where that is promised.

A file is written with ``create`` or ``write``; ``settle`` makes what was written last through a power cut, ``put`` settles and
then gives it its name. ``write_whole`` does all of that for one small file. A failure names the file.
"""

from cuvee.disk.arrays import empty_array, save_array, save_arrays, save_table
from cuvee.disk.files import (
    DAMAGED,
    add,
    copy,
    copy_folder,
    create,
    folder,
    lasting_folder,
    named,
    put,
    remove,
    remove_folder,
    rename,
    set_aside,
    settle,
    write,
    write_whole,
)
from cuvee.disk.foreign import library

__all__ = [
    "DAMAGED",
    "add",
    "copy",
    "copy_folder",
    "create",
    "empty_array",
    "folder",
    "lasting_folder",
    "library",
    "named",
    "put",
    "remove",
    "remove_folder",
    "rename",
    "save_array",
    "save_arrays",
    "save_table",
    "set_aside",
    "settle",
    "write",
    "write_whole",
]
