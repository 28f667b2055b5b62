{{ kept('int_priority_cells') }}
