{{ kept('int_pair_cells') }}
