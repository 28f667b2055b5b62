{{ kept('int_cells') }}
