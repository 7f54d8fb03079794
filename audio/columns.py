"""Types of columns that several Parquet files share."""

import pyarrow as pa

NOTES = pa.struct(
    [
        ("pitch", pa.list_(pa.uint8())),
        ("velocity", pa.list_(pa.uint8())),
        ("start", pa.list_(pa.float32())),
        ("end", pa.list_(pa.float32())),
    ]
)
