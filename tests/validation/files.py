"""Files of measurements for the tests."""

from __future__ import annotations

from memprof.validation.tables import Table, parse_table

COLUMNS = "source,device,stack,dtype,layout,compiled,batch,resolution,phase,model,images_per_second"
GOOD = "me,a100,torch 2.4,tf32,nhwc,0,2,64,infer,resnet18,1000"


def line(**changes: str) -> str:
    """Return a good line with some cells changed."""
    cells = dict(zip(COLUMNS.split(","), GOOD.split(","), strict=True))
    assert set(changes) <= set(cells)
    return ",".join(f'"{cell}"' if "," in cell else cell for cell in {**cells, **changes}.values())


def table(*lines: str, columns: str = COLUMNS) -> Table:
    """Return a table of these lines."""
    return parse_table("\n".join([columns, *lines, ""]).encode(), "file.csv")
