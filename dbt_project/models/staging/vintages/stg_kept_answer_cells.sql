{{ kept('int_answer_cells') }}
