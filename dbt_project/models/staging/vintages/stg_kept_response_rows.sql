{{ kept('int_response_rows') }}
