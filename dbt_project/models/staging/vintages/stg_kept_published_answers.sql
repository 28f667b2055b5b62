{{ kept('int_published_answers') }}
