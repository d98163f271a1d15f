"""Writers of `memprof gate history`: how accepted figures changed over commits."""
