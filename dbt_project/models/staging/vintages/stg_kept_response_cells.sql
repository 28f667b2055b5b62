{{ kept('int_response_cells') }}
