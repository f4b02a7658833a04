"""Load from many machines, through a dask.distributed scheduler that is there already.

    address     where the scheduler is, and what counts as a machine
    messages    what a shard tells, and the orders that it gets
    placing     which workers get a shard, and whether they are fit for it
    clocks      how far their clocks are from ours
    difference  what a book holds that another does not
    merging     the shards' frames put together, second by second
    task        a shard on its worker
    post        where a running shard gets its orders
    connection  the scheduler, seen from here
    crew        all of it together, as the run sees it

Only ``connection`` and ``task`` know dask, which is an optional extra: whoever sends from
one machine never loads it.  Nothing is imported here.
"""
