{{ kept('int_published_items') }}
