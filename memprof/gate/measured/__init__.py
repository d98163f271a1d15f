"""Wall time of a model's step today against that of another commit, measured in turns on one machine.

`against` is what others call. `worktree` checks the other commit out, `processes` talks to one process for each of the
two (`worker` is what runs there, `checkout` how it finds the code of its side), `plan` says how often what is measured,
and `statistics` what the times say.
"""
