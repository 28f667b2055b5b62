{{ kept('int_pattern_cells') }}
