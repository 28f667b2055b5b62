{{ kept('int_published_cells') }}
