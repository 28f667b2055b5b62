{{ kept('int_asked_cells') }}
