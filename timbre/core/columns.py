"""Columns of Parquet files that several tables share."""

import pyarrow as pa

NOTES = pa.struct(  # a column of notes, of several files
    [
        ("pitch", pa.list_(pa.uint8())),
        ("velocity", pa.list_(pa.uint8())),
        ("start", pa.list_(pa.float32())),
        ("end", pa.list_(pa.float32())),
    ]
)
