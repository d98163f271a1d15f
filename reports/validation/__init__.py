"""Writers of `memprof validate`: predictions against measurements."""
