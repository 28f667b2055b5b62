{{ kept('int_published_responses') }}
